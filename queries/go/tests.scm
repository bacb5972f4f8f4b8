; Tests of `go test`. Captures: see queries/README.md.

((function_declaration
  name: (identifier) @_name
  parameters: (parameter_list
    (parameter_declaration
      type: (pointer_type (qualified_type name: (type_identifier) @_type))))) @test
  (#match? @_name "^(Test|Fuzz)([^a-z]|$)")
  (#any-of? @_type "T" "F"))

((function_declaration
  name: (identifier) @_name
  parameters: (parameter_list
    (parameter_declaration
      type: (pointer_type (qualified_type name: (type_identifier) @_type))))) @test.code
  (#any-of? @_type "T" "B" "F" "M"))

; A suite of testify.
((method_declaration
  receiver: (parameter_list) @_suite
  name: (field_identifier) @_name) @test
  (#match? @_suite "Suite\\b")
  (#match? @_name "^Test"))

((call_expression
  function: (selector_expression
    operand: (identifier) @_test
    field: (field_identifier) @_method)) @skip
  (#any-of? @_test "t" "f" "s")
  (#any-of? @_method "Skip" "SkipNow" "Skipf"))

((call_expression
  function: (selector_expression
    operand: [
      (identifier) @_test
      (call_expression function: (selector_expression field: (field_identifier) @_test))
    ]
    field: (field_identifier) @_method)) @assertion
  (#any-of? @_test "t" "tb" "f" "T")
  (#any-of? @_method "Error" "Errorf" "Fatal" "Fatalf" "Fail" "FailNow"))

((call_expression
  function: (selector_expression operand: (identifier) @_package)) @assertion
  (#any-of? @_package "assert" "require" "is" "qt"))

((call_expression
  function: [
    (identifier) @_function
    (selector_expression field: (field_identifier) @_function)
  ]) @assertion
  (#match? @_function "^(assert|require|expect|check|must|Expect)([A-Z]|$)"))
