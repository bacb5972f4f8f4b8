; What is a test, what keeps one from running, and what it asserts. Captures: see queries/README.md.

((function_definition name: (identifier) @_name) @test
  (#match? @_name "^test(_|[A-Z0-9]|$)"))

((class_definition name: (identifier) @_name) @test.code
  (#match? @_name "^Test"))

(class_definition
  superclasses: (argument_list) @_bases
  (#match? @_bases "TestCase\\b")) @test.code

; In a class of tests any name that starts so is one.
(class_definition
  name: (identifier) @_class
  body: (block [
    (function_definition name: (identifier) @_name) @test
    (decorated_definition definition: (function_definition name: (identifier) @_name) @test)
  ])
  (#match? @_class "^Test")
  (#match? @_name "^test"))

(class_definition
  superclasses: (argument_list) @_bases
  body: (block [
    (function_definition name: (identifier) @_name) @test
    (decorated_definition definition: (function_definition name: (identifier) @_name) @test)
  ])
  (#match? @_bases "TestCase\\b")
  (#match? @_name "^test"))

; An expected failure need not pass either.
((decorator) @skip
  (#match? @skip "^@\\s*(pytest\\s*\\.\\s*mark\\s*\\.\\s*(skip|skipif|xfail)|(unittest\\s*\\.\\s*)?(skip|skipIf|skipUnless|expectedFailure))\\b"))

; Unconditionally given up in the test itself.
(function_definition
  body: (block
    (expression_statement
      (call function: (attribute) @_function)) @skip)
  (#match? @_function "^(pytest\\.(skip|xfail)|self\\.skipTest)$"))

(module
  (expression_statement
    (assignment
      left: (identifier) @_name
      right: (_) @_mark)) @skip.file
  (#eq? @_name "pytestmark")
  (#match? @_mark "pytest\\.mark\\.(skip|skipif|xfail)\\b"))

(assert_statement) @assertion

(call
  function: [
    (identifier) @_function
    (attribute attribute: (identifier) @_function)
  ]
  (#match? @_function "^assert(_|[A-Z])")) @assertion

(call
  function: (attribute
    object: (identifier) @_module
    attribute: (identifier) @_function)
  (#eq? @_module "pytest")
  (#any-of? @_function "raises" "warns" "fail" "deprecated_call")) @assertion
