; Tests of Jest, Vitest, Mocha, Jasmine, Playwright and node:test. Captures: see queries/README.md.
; A call is the test: its title is its name, and the function it is given is its body.

(expression_statement
  (call_expression
    function: (_) @_function
    arguments: (arguments . [(string) (template_string)] @name)
    (#match? @_function "^([fx]?it|x?test|specify|(Deno|QUnit)\\s*\\.\\s*test)\\b")
    (#not-match? @_function "^test\\s*\\.\\s*(before|after)")) @item.function @test) @range

(expression_statement
  (call_expression
    function: (_) @_function
    arguments: (arguments . [(string) (template_string)] @name)
    (#match? @_function "^([fx]?describe|x?context|suite|test\\s*\\.\\s*describe)\\b")) @item.module @test.code) @range

(call_expression
  arguments: (arguments
    . [(string) (template_string)]
    [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
    ])) @item

(call_expression
  function: (identifier) @skip
  (#any-of? @skip "xit" "xtest" "xdescribe" "xcontext"))

(call_expression
  function: (identifier) @focus
  (#any-of? @focus "fit" "fdescribe"))

((member_expression
  object: [
    (identifier) @_function
    (member_expression object: (identifier) @_function)
  ]
  property: (property_identifier) @skip)
  (#any-of? @_function "it" "test" "specify" "describe" "context" "suite")
  (#any-of? @skip "skip" "todo" "fixme" "fail" "fails" "failing"))

((member_expression
  object: [
    (identifier) @_function
    (member_expression object: (identifier) @_function)
  ]
  property: (property_identifier) @focus)
  (#any-of? @_function "it" "test" "specify" "describe" "context" "suite")
  (#eq? @focus "only"))

(call_expression
  function: (identifier) @_function
  (#match? @_function "^(expect|assert)([A-Z]|$)")) @assertion

(call_expression
  function: (member_expression object: (identifier) @_object)
  (#eq? @_object "assert")) @assertion

((member_expression property: (property_identifier) @_property) @assertion
  (#eq? @_property "should"))
