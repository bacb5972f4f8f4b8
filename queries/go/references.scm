; Names of Go, where they are used and where they are brought in. Captures: see queries/README.md.
; The last pattern for a node wins, so the general ones stand first.

(identifier) @use
(type_identifier) @use
(package_identifier) @use
(selector_expression field: (field_identifier) @use)

; Calls with what they are given.
(call_expression
  function: [
    (identifier) @use
    (selector_expression field: (field_identifier) @use)
  ]
  arguments: (argument_list) @arguments)

(composite_literal
  type: [
    (type_identifier) @use
    (qualified_type name: (type_identifier) @use)
  ]
  body: (literal_value) @arguments)

; Names of a literal's fields, and the package's own.
(keyed_element . (literal_element (identifier) @label))
(package_clause (package_identifier) @label)

; Members.
(field_declaration name: (field_identifier) @member)
(method_elem name: (field_identifier) @member)

; Names of a function's own.
(parameter_declaration name: (identifier) @local)
(variadic_parameter_declaration name: (identifier) @local)
(type_parameter_declaration name: (identifier) @local)
(short_var_declaration left: (expression_list (identifier) @local))
(range_clause left: (expression_list (identifier) @local))
(receive_statement left: (expression_list (identifier) @local))
(block (statement_list (var_declaration (var_spec name: (identifier) @local))))
(block (statement_list (var_declaration (var_spec_list (var_spec name: (identifier) @local)))))
(block (statement_list (const_declaration (const_spec name: (identifier) @local))))

; Imports. Without a name of its own the end of the path is the name.
(import_spec
  !name
  path: (_ (interpreted_string_literal_content) @import.whole) @module)
(import_spec
  !name
  path: (_ (raw_string_literal_content) @import.whole) @module)
(import_spec name: (package_identifier) @import.whole path: (_) @module)
