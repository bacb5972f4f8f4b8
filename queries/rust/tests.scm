; What is a test, what keeps one from running, and what it asserts. Captures: see queries/README.md.

((attribute_item) @test
  (#match? @test "^#\\[\\s*([A-Za-z_][A-Za-z0-9_]*\\s*::\\s*)*([a-z0-9]+_)*(test|gtest|rstest|test_case|test_matrix|quickcheck|proptest)\\s*(\\(|\\]|=)"))

((attribute_item) @test.code
  (#match? @test.code "^#\\[\\s*cfg\\s*\\(\\s*(test|(all|any)\\s*\\(.*\\btest\\b.*)\\s*\\)")
  (#not-match? @test.code "not\\s*\\(\\s*test\\b"))

(mod_item
  name: (identifier) @_name
  (#any-of? @_name "test" "tests")) @test.code

((attribute_item (attribute (identifier) @_attribute)) @skip
  (#eq? @_attribute "ignore"))

((attribute_item) @skip
  (#match? @skip "^#\\[\\s*cfg_attr\\s*\\(.*,\\s*ignore\\b"))

(macro_invocation
  macro: [
    (identifier) @_macro
    (scoped_identifier name: (identifier) @_macro)
  ]
  (#match? @_macro "^(debug_|prop_)?assert")) @assertion

(call_expression
  function: [
    (identifier) @_function
    (scoped_identifier name: (identifier) @_function)
    (field_expression field: (field_identifier) @_function)
  ]
  (#match? @_function "^assert")) @assertion

((attribute_item (attribute (identifier) @_attribute)) @assertion
  (#eq? @_attribute "should_panic"))
