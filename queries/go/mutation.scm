; Places where a small deliberate mistake can be made, and literals. Captures: see queries/README.md.
; What is returned stays: no value of Go is one of every type.

[
  (import_declaration) (package_clause) (type_declaration) (parameter_list) (array_type) (field_declaration)
] @fixed

(binary_expression operator: ["<" "<=" ">" ">=" "==" "!="] @relational)

(binary_expression operator: ["&&" "||"] @boolean)

(unary_expression operator: "!") @negation

[(true) (false)] @truth

(binary_expression operator: ["+" "-" "*" "/" "%"] @arithmetic)

(assignment_statement operator: ["+=" "-=" "*=" "/="] @arithmetic)

(inc_statement "++" @arithmetic)

(dec_statement "--" @arithmetic)

(block (statement_list (expression_statement (call_expression)) @statement))

(block (statement_list [(assignment_statement) (inc_statement) (dec_statement) (send_statement)] @statement))

(if_statement condition: (_) @condition)

(for_statement (for_clause condition: (_) @condition.loop))

(for_statement . [(binary_expression) (call_expression) (identifier) (unary_expression)] @condition.loop)

(int_literal) @number

[(interpreted_string_literal) (raw_string_literal)] @text

(expression_case value: (_) @case)
