; Places where a small deliberate mistake can be made, and literals. Captures: see queries/README.md.

; Written for the compiler or for macros, which read them in their own way.
[(token_tree) (attribute_item) (inner_attribute_item) (use_declaration) (extern_crate_declaration) (array_type) (let_condition)] @fixed

(binary_expression operator: ["<" "<=" ">" ">=" "==" "!="] @relational)

(binary_expression operator: ["&&" "||"] @boolean)

(unary_expression "!") @negation

(boolean_literal) @truth

(binary_expression operator: ["+" "-" "*" "/" "%"] @arithmetic)

(compound_assignment_expr operator: ["+=" "-=" "*=" "/="] @arithmetic)

(return_expression (_) @return)

(function_item
  return_type: (_)
  body: (block
    [
      (array_expression) (await_expression) (binary_expression) (boolean_literal) (call_expression)
      (field_expression) (identifier) (if_expression) (index_expression) (integer_literal)
      (macro_invocation) (match_expression) (parenthesized_expression) (reference_expression)
      (scoped_identifier) (string_literal) (struct_expression) (try_expression) (tuple_expression)
      (type_cast_expression) (unary_expression)
    ] @return .))

(block
  (expression_statement
    [
      (assignment_expression) (await_expression) (call_expression) (compound_assignment_expr)
      (macro_invocation) (try_expression)
    ]) @statement)

(if_expression
  condition: [
    (binary_expression) (call_expression) (field_expression) (identifier) (index_expression)
    (macro_invocation) (parenthesized_expression) (unary_expression)
  ] @condition)

(while_expression
  condition: [
    (binary_expression) (call_expression) (field_expression) (identifier) (index_expression)
    (macro_invocation) (parenthesized_expression) (unary_expression)
  ] @condition.loop)

(integer_literal) @number

[(string_literal) (raw_string_literal)] @text

(match_pattern) @case

(let_condition) @case
