; Statements that a program comes to, one after another.

[
  (assignment_statement)
  (break_statement)
  (continue_statement)
  (dec_statement)
  (defer_statement)
  (expression_statement)
  (expression_switch_statement)
  (fallthrough_statement)
  (for_statement)
  (go_statement)
  (goto_statement)
  (if_statement)
  (inc_statement)
  (return_statement)
  (select_statement)
  (send_statement)
  (short_var_declaration)
  (type_switch_statement)
] @statement

(statement_list
  (var_declaration) @statement)
