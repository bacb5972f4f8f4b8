; Named things of Go. Captures: see queries/README.md.

(function_declaration
  name: (identifier) @name
  body: (block)? @body) @item.function

(method_declaration
  name: (field_identifier) @name
  body: (block)? @body) @item.method

; A method is named for its type, whatever stands around that.
(method_declaration
  receiver: (parameter_list
    (parameter_declaration
      type: [
        (type_identifier) @name.receiver
        (pointer_type (type_identifier) @name.receiver)
        (generic_type type: (type_identifier) @name.receiver)
        (pointer_type (generic_type type: (type_identifier) @name.receiver))
      ]))) @item

(type_declaration (type_spec name: (type_identifier) @name) @item.type) @range

(type_declaration
  (type_spec
    name: (type_identifier) @name
    type: (struct_type)) @item.struct)

(type_declaration
  (type_spec
    name: (type_identifier) @name
    type: (interface_type)) @item.interface)

(type_declaration (type_alias name: (type_identifier) @name) @item.type) @range

; One to a declaration: it is all of that. In a list each is its own.
(source_file
  (const_declaration . "const" . (const_spec . name: (identifier) @name value: (_)? @body) @item.constant .) @range)

(source_file
  (const_declaration "(" (const_spec . name: (identifier) @name value: (_)? @body) @item.constant))

(source_file
  (var_declaration (var_spec . name: (identifier) @name value: (_)? @body) @item.constant) @range)

(source_file
  (var_declaration
    (var_spec_list (var_spec . name: (identifier) @name value: (_)? @body) @item.constant)))
