; Named things of Python. Captures: see queries/README.md.

(function_definition
  name: (identifier) @name
  body: (block) @body) @item.function

(class_definition
  name: (identifier) @name
  body: (block) @body) @item.class

(decorated_definition
  definition: (_) @item) @range

(module
  (expression_statement
    (assignment
      left: (identifier) @name
      right: (_)? @body) @item.constant) @range)

(type_alias_statement
  left: (type [
    (identifier) @name
    (generic_type (identifier) @name)
  ])) @item.type

; Docstrings.
(function_definition
  body: (block . (expression_statement (string)) @docs)) @item

(class_definition
  body: (block . (expression_statement (string)) @docs)) @item

(module . (comment)* . (expression_statement (string)) @docs)
