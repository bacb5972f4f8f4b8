; Names of Rust, where they are used and where they are brought in. Captures: see queries/README.md.
; The last pattern for a node wins, so the general ones stand first.

(identifier) @use
(type_identifier) @use
(field_expression field: (field_identifier) @use)

; Calls with what they are given.
(call_expression
  function: [
    (identifier) @use
    (scoped_identifier name: (identifier) @use)
    (field_expression field: (field_identifier) @use)
    (generic_function function: (identifier) @use)
    (generic_function function: (scoped_identifier name: (identifier) @use))
    (generic_function function: (field_expression field: (field_identifier) @use))
  ]
  arguments: (arguments) @arguments)

(struct_expression
  name: [
    (type_identifier) @use
    (scoped_type_identifier name: (type_identifier) @use)
  ]
  body: (field_initializer_list) @arguments)

(macro_invocation
  macro: (identifier) @use
  (token_tree) @arguments)

; Inside of macros there is no more structure than brackets.
(token_tree (identifier) @use . (token_tree) @arguments)

; Members.
(field_declaration name: (field_identifier) @member)
(enum_variant name: (identifier) @member)

; Names of a function's own.
(let_declaration pattern: (identifier) @local)
(parameter pattern: (identifier) @local)
(closure_parameters (identifier) @local)
(for_expression pattern: (identifier) @local)
(const_parameter name: (identifier) @local)
(type_parameter name: (type_identifier) @local)
(mut_pattern (identifier) @local)
(ref_pattern (identifier) @local)
(reference_pattern (identifier) @local)
(captured_pattern . (identifier) @local)
(field_pattern name: (shorthand_field_identifier) @local)

; In patterns a capital begins a constant or a variant.
([
  (tuple_pattern (identifier) @local)
  (tuple_struct_pattern (identifier) @local)
  (slice_pattern (identifier) @local)
  (match_pattern (identifier) @local)
  (or_pattern (identifier) @local)
  (field_pattern pattern: (identifier) @local)
  (let_condition pattern: (identifier) @local)
]
  (#match? @local "^[a-z_]"))

(tuple_struct_pattern type: (identifier) @use)

; Imports.
(use_declaration argument: (identifier) @import)
(use_declaration argument: (scoped_identifier path: (_) @module name: (identifier) @import))
(use_list (identifier) @import)
(use_list (scoped_identifier path: (_) @module name: (identifier) @import))
(scoped_use_list path: (_) @module list: (use_list (identifier) @import))
(scoped_use_list
  path: [
    (identifier) @import
    (scoped_identifier name: (identifier) @import)
  ]
  list: (use_list (self)))
(use_as_clause path: (identifier) @import.source @label alias: (identifier) @import)
(use_as_clause
  path: (scoped_identifier path: (_) @module name: (identifier) @import.source @label)
  alias: (identifier) @import)
(scoped_use_list
  path: (_) @module
  list: (use_list
    (use_as_clause path: (identifier) @import.source @label alias: (identifier) @import)))
