; Names of JavaScript alone; the rest is in queries/ecmascript. Captures: see queries/README.md.

(formal_parameters (identifier) @local)
(field_definition property: (property_identifier) @member)
