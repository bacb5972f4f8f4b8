; Statements that a program comes to, one after another.

[
  (expression_statement)
  (let_declaration)
] @statement

(block
  (_expression) @statement
  .)
