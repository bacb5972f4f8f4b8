; Named things of JavaScript alone; the rest is in queries/ecmascript. Captures: see queries/README.md.

(field_definition
  property: (_) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @item.method
