; Places in JavaScript and TypeScript that deserve a second look. The capture's name is what was found;
; see queries/README.md.

(call_expression
  function: (identifier) @_function
  (#eq? @_function "eval")) @eval

(new_expression
  constructor: (identifier) @_constructor
  (#eq? @_constructor "Function")) @eval

(call_expression
  function: (identifier) @_function
  arguments: (arguments . [(string) (template_string)])
  (#any-of? @_function "setTimeout" "setInterval" "Function")) @eval

(call_expression
  function: (member_expression) @_function
  (#match? @_function "^vm\\.(runIn(New|This)?Context|compileFunction)$")) @eval

(call_expression
  function: (identifier) @_function
  (#any-of? @_function "exec" "execSync" "execFile" "execFileSync" "spawn" "spawnSync")) @exec

(call_expression
  function: (member_expression
    object: (identifier) @_object
    property: (property_identifier) @_function)
  (#any-of? @_object "child_process" "childProcess" "cp" "execa" "Deno" "Bun")
  (#any-of? @_function "exec" "execSync" "execFile" "execFileSync" "spawn" "spawnSync" "fork" "run")) @exec

((pair
  key: (property_identifier) @_key
  value: (true))
  (#eq? @_key "shell")) @shell

(assignment_expression
  left: (member_expression property: (property_identifier) @_property)
  (#any-of? @_property "innerHTML" "outerHTML")) @raw-html

(call_expression
  function: (member_expression property: (property_identifier) @_function)
  (#eq? @_function "insertAdjacentHTML")) @raw-html

(call_expression
  function: (member_expression) @_function
  (#match? @_function "^document\\.write(ln)?$")) @raw-html

((pair
  key: (property_identifier) @_key
  value: (false))
  (#any-of? @_key "rejectUnauthorized" "strictSSL" "checkServerIdentity")) @disable-verification

((member_expression) @disable-verification
  (#match? @disable-verification "\\bNODE_TLS_REJECT_UNAUTHORIZED$"))

(call_expression
  function: (member_expression property: (property_identifier) @_function)
  (#eq? @_function "unserialize")) @deserialize

; A query built from text.
(call_expression
  function: (member_expression property: (property_identifier) @_function)
  arguments: (arguments . [
    (template_string (template_substitution))
    (binary_expression operator: "+")
  ])
  (#any-of? @_function "query" "execute" "raw" "$queryRawUnsafe" "$executeRawUnsafe")) @built-query

(catch_clause
  body: (statement_block . "{" . "}" .)) @swallowed-error

((comment) @suppression
  (#match? @suppression "(eslint-disable|@ts-(ignore|nocheck|expect-error)|(istanbul|c8|v8) ignore|biome-ignore|tslint:disable|NOSONAR)"))
