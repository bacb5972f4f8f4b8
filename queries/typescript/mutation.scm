; What TypeScript adds to the shared patterns: types are nothing that runs. Captures: see queries/README.md.

[
  (type_annotation) (type_arguments) (type_parameters) (type_alias_declaration)
  (interface_declaration) (literal_type)
] @fixed
