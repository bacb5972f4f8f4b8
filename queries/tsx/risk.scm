; Places in TSX that deserve a second look; the rest is in queries/ecmascript and queries/typescript.

((jsx_attribute (property_identifier) @_name) @raw-html
  (#eq? @_name "dangerouslySetInnerHTML"))
