; Names that JavaScript, TypeScript and TSX share, where they are used and where they are brought in.
; Captures: see queries/README.md. The last pattern for a node wins, so the general ones stand first.

(identifier) @use
(shorthand_property_identifier) @use
(member_expression property: (property_identifier) @use)

; Calls with what they are given.
(call_expression
  function: [
    (identifier) @use
    (member_expression property: (property_identifier) @use)
  ]
  arguments: (arguments) @arguments)

(new_expression
  constructor: [
    (identifier) @use
    (member_expression property: (property_identifier) @use)
  ]
  arguments: (arguments) @arguments)

; Names of a function's own.
(shorthand_property_identifier_pattern) @local
(variable_declarator name: (identifier) @local)
(array_pattern (identifier) @local)
(pair_pattern value: (identifier) @local)
(assignment_pattern left: (identifier) @local)
(rest_pattern (identifier) @local)
(arrow_function parameter: (identifier) @local)
(catch_clause parameter: (identifier) @local)
(for_in_statement kind: _ left: (identifier) @local)

; Imports.
(import_statement
  (import_clause [
    (identifier) @import.default
    (namespace_import (identifier) @import.whole)
    (named_imports (import_specifier name: (identifier) @import))
  ])
  source: (string) @module)

(import_statement
  (import_clause
    (named_imports (import_specifier name: (identifier) @import.source @label alias: (identifier) @import)))
  source: (string) @module)

(export_statement
  (export_clause (export_specifier name: (identifier) @import))
  source: (string) @module)

(export_statement
  (export_clause (export_specifier name: (identifier) @import.source @label alias: (identifier) @import))
  source: (string) @module)

(variable_declarator
  name: [
    (identifier) @import.whole
    (object_pattern (shorthand_property_identifier_pattern) @import)
  ]
  value: (call_expression
    function: (identifier) @_require
    arguments: (arguments . (string) @module))
  (#eq? @_require "require"))
