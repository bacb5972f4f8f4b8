; Statements that a program comes to, definitions included: they are run when their module is.

[
  (assert_statement)
  (break_statement)
  (class_definition)
  (continue_statement)
  (delete_statement)
  (expression_statement)
  (for_statement)
  (function_definition)
  (if_statement)
  (import_from_statement)
  (import_statement)
  (match_statement)
  (pass_statement)
  (raise_statement)
  (return_statement)
  (try_statement)
  (while_statement)
  (with_statement)
] @statement

; Documentation and `...` alone leave no code behind.
(expression_statement
  .
  [(string) (concatenated_string) (ellipsis)] @none
  .)
