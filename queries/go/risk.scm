; Places in Go that deserve a second look. The capture's name is what was found; see queries/README.md.

((selector_expression operand: (identifier) @_package) @unsafe
  (#eq? @_package "unsafe"))

(call_expression
  function: (selector_expression) @_function
  (#match? @_function "^(exec\\.Command(Context)?|os\\.StartProcess|syscall\\.(Exec|ForkExec|StartProcess))$")) @exec

(call_expression
  function: (selector_expression) @_function
  arguments: (argument_list) @_arguments
  (#match? @_function "^exec\\.Command(Context)?$")
  (#match? @_arguments "\"(/bin/)?(ba|z|da)?sh\", *\"-[a-z]*c\"")) @shell

((keyed_element
  . (literal_element (identifier) @_name)
  (literal_element (true))) @disable-verification
  (#eq? @_name "InsecureSkipVerify"))

; A query built from text.
(call_expression
  function: (selector_expression field: (field_identifier) @_function)
  arguments: (argument_list [
    (binary_expression operator: "+")
    (call_expression function: (selector_expression field: (field_identifier) @_format))
  ])
  (#match? @_function "^(Query|QueryRow|Exec|Prepare)(Context)?$")
  (#match? @_format "^Sprintf?$")) @built-query

(call_expression
  function: (selector_expression field: (field_identifier) @_function)
  arguments: (argument_list (binary_expression operator: "+"))
  (#match? @_function "^(Query|QueryRow|Exec|Prepare)(Context)?$")) @built-query

((call_expression
  function: (selector_expression) @_function) @raw-html
  (#match? @_function "^template\\.(HTML|HTMLAttr|JS|JSStr|CSS|URL)$"))

((type_conversion_expression type: (qualified_type) @_type) @raw-html
  (#match? @_type "^template\\.(HTML|HTMLAttr|JS|JSStr|CSS|URL)$"))

; An error that is looked at and dropped.
((if_statement
  condition: (binary_expression left: (identifier) @_error operator: "!=" right: (nil))
  consequence: (block . "{" . "}" .)) @swallowed-error
  (#match? @_error "^err"))

((comment) @suppression
  (#match? @suppression "(#nosec|//\\s*nolint|lint:ignore)"))
