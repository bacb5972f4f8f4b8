; Places in Python that deserve a second look. The capture's name is what was found; see queries/README.md.

(call
  function: (identifier) @_function
  (#any-of? @_function "eval" "exec" "compile" "__import__")) @eval

(call
  function: (attribute) @_function
  (#match? @_function "^(os\\.(system|popen|exec[lv]p?e?|spawn[lv]p?e?|posix_spawnp?)|subprocess\\.(run|call|check_call|check_output|Popen|getoutput|getstatusoutput)|asyncio\\.create_subprocess_(exec|shell)|pty\\.spawn)$")) @exec

(keyword_argument
  name: (identifier) @_name
  value: (true)
  (#eq? @_name "shell")) @shell

(call
  function: (attribute) @_function
  (#match? @_function "^(pickle|cPickle|_pickle|dill|cloudpickle|marshal|jsonpickle|joblib|shelve)\\.(load|loads|Unpickler|decode|open)$")) @deserialize

(call
  function: (attribute) @_function
  arguments: (argument_list) @_arguments
  (#match? @_function "^yaml\\.(load|load_all|unsafe_load|unsafe_load_all|full_load|full_load_all)$")
  (#not-match? @_arguments "\\bC?SafeLoader\\b")) @deserialize

(keyword_argument
  name: (identifier) @_name
  value: (false)
  (#any-of? @_name "verify" "verify_ssl" "check_hostname" "ssl_verify" "verify_certs")) @disable-verification

(assignment
  left: (attribute attribute: (identifier) @_name)
  right: (false)
  (#any-of? @_name "verify" "check_hostname")) @disable-verification

((attribute) @disable-verification
  (#match? @disable-verification "^ssl\\.(_create_unverified_context|CERT_NONE)$"))

; A query built from text.
(call
  function: (attribute attribute: (identifier) @_function)
  arguments: (argument_list . [
    (string (interpolation))
    (binary_operator)
    (call function: (attribute object: (string) attribute: (identifier) @_format))
  ])
  (#any-of? @_function "execute" "executemany" "executescript")) @built-query

(except_clause
  (block . [(pass_statement) (expression_statement (ellipsis)) (continue_statement)] .)) @swallowed-error

((comment) @suppression
  (#match? @suppression "(?i)(noqa|nosec|type:\\s*ignore|pragma:\\s*no\\s*cover|pylint:\\s*disable|pyright:\\s*(ignore|basic)|mypy:\\s*ignore)"))
