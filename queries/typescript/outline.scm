; Named things of TypeScript and TSX alone; the rest is in queries/ecmascript. Captures: see queries/README.md.

(abstract_class_declaration
  name: (_) @name
  body: (class_body) @body) @item.class

(interface_declaration
  name: (_) @name) @item.interface

(type_alias_declaration
  name: (_) @name) @item.type

(enum_declaration
  name: (_) @name) @item.enum

(internal_module
  name: (_) @name
  body: (statement_block)? @body) @item.module

(module
  name: (_) @name
  body: (statement_block)? @body) @item.module

; Overloads and declarations without a body.
(function_signature
  name: (_) @name) @item.function

(class_body
  [
    (method_signature name: (_) @name)
    (abstract_method_signature name: (_) @name)
  ] @item.method)

(public_field_definition
  name: (_) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @item.method

(statement_block
  (export_statement
    declaration: (lexical_declaration
      (variable_declarator name: (identifier) @name value: (_)? @body) @item.constant)))

(expression_statement (internal_module) @item) @range

(ambient_declaration (_) @item) @range

(ambient_declaration
  (lexical_declaration
    . (variable_declarator name: (identifier) @name) @item.constant .)) @range

(export_statement
  "export" @visibility
  declaration: (ambient_declaration (_) @item)) @range

(export_statement
  "export" @visibility
  declaration: (ambient_declaration
    (lexical_declaration . (variable_declarator) @item .))) @range

[
  (method_definition (accessibility_modifier) @visibility)
  (method_signature (accessibility_modifier) @visibility)
  (abstract_method_signature (accessibility_modifier) @visibility)
  (public_field_definition (accessibility_modifier) @visibility)
] @item

(export_statement "=" . (identifier) @export)
