; Statements that a program comes to, one after another. What is declared without being run is none: functions,
; classes, imports.

[
  (break_statement)
  (continue_statement)
  (debugger_statement)
  (do_statement)
  (expression_statement)
  (for_in_statement)
  (for_statement)
  (if_statement)
  (lexical_declaration)
  (return_statement)
  (switch_statement)
  (throw_statement)
  (try_statement)
  (variable_declaration)
  (while_statement)
] @statement

; V8 counts a class with its fields' initialisers, which run later, if ever.
((export_statement
  value: (_) @statement)
  (#not-match? @statement "^(class|@)"))

((arrow_function
  body: (expression) @statement)
  (#not-match? @statement "^(class|@)"))

; `"use strict"` is read, not run.
(program
  (expression_statement
    (string)) @none)

(statement_block
  .
  (expression_statement
    (string)) @none)
