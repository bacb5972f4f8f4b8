; Places in JavaScript (with JSX) that deserve a second look; the rest is in queries/ecmascript.

((jsx_attribute (property_identifier) @_name) @raw-html
  (#eq? @_name "dangerouslySetInnerHTML"))
