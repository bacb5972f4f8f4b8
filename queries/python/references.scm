; Names of Python, where they are used and where they are brought in. Captures: see queries/README.md.
; The last pattern for a node wins, so the general ones stand first.

(identifier) @use

; Calls with what they are given.
(call
  function: [
    (identifier) @use
    (attribute attribute: (identifier) @use)
  ]
  arguments: (argument_list) @arguments)

; Members that no outline has.
(assignment
  left: (attribute object: (identifier) @_self attribute: (identifier) @member)
  (#eq? @_self "self"))
; Names of a function's own.
(parameters (identifier) @local)
(lambda_parameters (identifier) @local)
(default_parameter name: (identifier) @local)
(typed_parameter . (identifier) @local)
(typed_default_parameter name: (identifier) @local)
(list_splat_pattern (identifier) @local)
(dictionary_splat_pattern (identifier) @local)
(block (expression_statement (assignment left: (identifier) @local)))
(pattern_list (identifier) @local)
(tuple_pattern (identifier) @local)
(list_pattern (identifier) @local)
(for_statement left: (identifier) @local)
(for_in_clause left: (identifier) @local)
(named_expression name: (identifier) @local)
(as_pattern_target (identifier) @local)

(class_definition
  body: (block (expression_statement (assignment left: (identifier) @member))))

; A parameter's name at a call belongs to the function that is called.
(keyword_argument name: (identifier) @label)

; Imports.
(import_statement name: (dotted_name (identifier) @label))
(import_statement name: (dotted_name . (identifier) @import.whole) @module)
(import_statement
  name: (aliased_import name: (dotted_name (identifier) @label)))
(import_statement
  name: (aliased_import name: (dotted_name) @module alias: (identifier) @import.whole))
(import_from_statement module_name: (dotted_name (identifier) @label))
(import_from_statement module_name: (relative_import (dotted_name (identifier) @label)))
(import_from_statement
  module_name: (_) @module
  name: (dotted_name (identifier) @import))
(import_from_statement
  module_name: (_) @module
  name: (aliased_import name: (dotted_name (identifier) @import.source @label) alias: (identifier) @import))
