; Places where a small deliberate mistake can be made, and literals. Captures: see queries/README.md.

; Documentation, types and names of modules.
(expression_statement . (string) .) @fixed

[(type) (import_statement) (import_from_statement) (future_import_statement) (decorator)] @fixed

(comparison_operator operators: ["<" "<=" ">" ">=" "==" "!=" "in" "not in" "is" "is not"] @relational)

(boolean_operator operator: ["and" "or"] @boolean)

(not_operator) @negation

[(true) (false)] @truth

(binary_operator operator: ["+" "-" "*" "/" "//" "%"] @arithmetic)

(augmented_assignment operator: ["+=" "-=" "*=" "/="] @arithmetic)

(return_statement (_) @return)

(block
  (expression_statement
    [
      (assignment left: [(attribute) (subscript)])
      (augmented_assignment)
      (await)
      (call)
    ]) @statement)

(if_statement condition: (_) @condition)

(elif_clause condition: (_) @condition)

(conditional_expression (_) . (_) @condition . (_))

(while_statement condition: (_) @condition.loop)

(integer) @number

(string) @text

(case_pattern) @case
