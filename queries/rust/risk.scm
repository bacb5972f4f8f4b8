; Places in Rust that deserve a second look. The capture's name is what was found; see queries/README.md.

(unsafe_block) @unsafe

(function_item (function_modifiers "unsafe")) @unsafe

(impl_item "unsafe") @unsafe

(trait_item "unsafe") @unsafe

(call_expression
  function: [
    (identifier) @_function
    (scoped_identifier name: (identifier) @_function)
    (generic_function function: (identifier) @_function)
    (generic_function function: (scoped_identifier name: (identifier) @_function))
  ]
  (#any-of? @_function "transmute" "transmute_copy" "from_raw_parts" "from_raw_parts_mut" "from_utf8_unchecked")) @unsafe-cast

(call_expression
  function: (scoped_identifier
    path: [
      (identifier) @_type
      (scoped_identifier name: (identifier) @_type)
    ]
    name: (identifier) @_function)
  (#eq? @_type "Command")
  (#eq? @_function "new")) @exec

(call_expression
  function: (field_expression field: (field_identifier) @_function)
  arguments: (arguments (boolean_literal) @_value)
  (#match? @_function "^(danger_|dangerous_)?accept_invalid_(certs|hostnames)$")
  (#eq? @_value "true")) @disable-verification

((scoped_identifier) @disable-verification
  (#match? @disable-verification "SslVerifyMode::NONE$"))

((attribute_item (attribute (identifier) @_attribute)) @suppression
  (#eq? @_attribute "allow"))

((inner_attribute_item (attribute (identifier) @_attribute)) @suppression
  (#eq? @_attribute "allow"))
