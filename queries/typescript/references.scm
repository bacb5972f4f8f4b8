; Names of TypeScript and TSX; the rest is in queries/ecmascript. Captures: see queries/README.md.

(type_identifier) @use

; Members that no outline has.
(public_field_definition name: (property_identifier) @member)
(property_signature name: (property_identifier) @member)
(method_signature name: (property_identifier) @member)
(enum_body name: (property_identifier) @member)
(enum_assignment name: (property_identifier) @member)

; Names of a function's own.
(required_parameter pattern: (identifier) @local)
(optional_parameter pattern: (identifier) @local)
(type_parameter name: (type_identifier) @local)

(import_require_clause (identifier) @import.whole source: (string) @module)
