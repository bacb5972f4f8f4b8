; Places where a small deliberate mistake can be made, and literals. Captures: see queries/README.md.

; Names of modules and of members, and directives such as "use strict".
(import_statement) @fixed

(export_statement source: (string) @fixed)

(expression_statement . (string) .) @fixed

(pair key: (_) @fixed)

(binary_expression operator: ["<" "<=" ">" ">=" "==" "!=" "===" "!=="] @relational)

(binary_expression operator: ["&&" "||" "??"] @boolean)

(unary_expression operator: "!") @negation

[(true) (false)] @truth

(binary_expression operator: ["+" "-" "*" "/" "%"] @arithmetic)

(augmented_assignment_expression operator: ["+=" "-=" "*=" "/="] @arithmetic)

(update_expression operator: ["++" "--"] @arithmetic)

(return_statement (_) @return)

(arrow_function
  body: [
    (array) (await_expression) (binary_expression) (call_expression) (false) (identifier)
    (member_expression) (new_expression) (number) (parenthesized_expression) (string)
    (subscript_expression) (template_string) (ternary_expression) (true) (unary_expression)
  ] @return)

(statement_block
  (expression_statement
    [
      (assignment_expression)
      (augmented_assignment_expression)
      (await_expression)
      (call_expression)
      (update_expression)
    ]) @statement)

(if_statement condition: (parenthesized_expression (_) @condition))

(ternary_expression condition: (_) @condition)

(while_statement condition: (parenthesized_expression (_) @condition.loop))

(for_statement condition: [(binary_expression) (call_expression) (identifier)] @condition.loop)

(number) @number

[(string) (template_string)] @text

(switch_case value: (_) @case)
