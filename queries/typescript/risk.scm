; Places in TypeScript that deserve a second look; the rest is in queries/ecmascript.

(as_expression
  (predefined_type) @_type
  (#eq? @_type "any")) @type-escape
