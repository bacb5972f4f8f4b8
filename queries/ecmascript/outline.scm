; Named things that JavaScript, TypeScript and TSX share. Captures: see queries/README.md.

; Module-level variables. A variable inside a function is a local and is dropped by the outline.
(program
  [
    (lexical_declaration
      (variable_declarator name: (identifier) @name value: (_)? @body) @item.constant)
    (variable_declaration
      (variable_declarator name: (identifier) @name value: (_)? @body) @item.constant)
    (export_statement
      declaration: [
        (lexical_declaration
          (variable_declarator name: (identifier) @name value: (_)? @body) @item.constant)
        (variable_declaration
          (variable_declarator name: (identifier) @name value: (_)? @body) @item.constant)
      ])
  ])

; What stands behind `export default`, when it has no name of its own.
(export_statement
  "default" @name
  value: (_) @body) @item.constant

(export_statement
  "default" @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @item.function

(export_statement
  "default" @name
  value: (class body: (class_body) @body)) @item.class

(export_statement
  "export" @visibility
  "default" @visibility
  value: (_)) @item

(function_declaration
  name: (_) @name
  body: (_) @body) @item.function

(generator_function_declaration
  name: (_) @name
  body: (_) @body) @item.function

(class_declaration
  name: (_) @name
  body: (class_body) @body) @item.class

(method_definition
  name: (_) @name
  body: (_) @body) @item.method

; A function under the name of a variable, a property or a member.
(variable_declarator
  name: (identifier) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @item.function

(variable_declarator
  name: (identifier) @name
  value: (class body: (class_body) @body)) @item.class

(pair
  key: (_) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @item.method

(expression_statement
  (assignment_expression
    left: (member_expression) @name
    right: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
      (generator_function body: (_) @body)
    ]) @item.function) @range

; The statement around a single variable belongs to it.
(lexical_declaration . (variable_declarator) @item .) @range

(variable_declaration . (variable_declarator) @item .) @range

; Exports.
(export_statement
  "export" @visibility
  "default"? @visibility
  declaration: (_) @item) @range

(export_statement
  "export" @visibility
  declaration: [
    (lexical_declaration (variable_declarator) @item)
    (variable_declaration (variable_declarator) @item)
  ])

(export_statement
  declaration: [
    (lexical_declaration . (variable_declarator) @item .)
    (variable_declaration . (variable_declarator) @item .)
  ]) @range

(export_statement
  !source
  (export_clause (export_specifier name: (_) @export)))

(export_statement
  "default"
  value: (identifier) @export)

(assignment_expression
  left: (member_expression) @_left
  right: [
    (identifier) @export
    (object (shorthand_property_identifier) @export)
    (object (pair value: (identifier) @export))
  ]
  (#match? @_left "^(module\\.)?exports(\\.|$)"))
