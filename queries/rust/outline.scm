; Named things of Rust. Captures: see queries/README.md.

(function_item
  (visibility_modifier)? @visibility
  name: (identifier) @name
  body: (block) @body) @item.function

(function_signature_item
  (visibility_modifier)? @visibility
  name: (identifier) @name) @item.function

(struct_item
  (visibility_modifier)? @visibility
  name: (type_identifier) @name) @item.struct

(union_item
  (visibility_modifier)? @visibility
  name: (type_identifier) @name) @item.struct

(enum_item
  (visibility_modifier)? @visibility
  name: (type_identifier) @name) @item.enum

(trait_item
  (visibility_modifier)? @visibility
  name: (type_identifier) @name
  body: (declaration_list) @body) @item.interface

(type_item
  (visibility_modifier)? @visibility
  name: (type_identifier) @name) @item.type

(associated_type
  name: (type_identifier) @name) @item.type

(const_item
  (visibility_modifier)? @visibility
  name: (identifier) @name
  value: (_)? @body) @item.constant

(static_item
  (visibility_modifier)? @visibility
  name: (identifier) @name
  value: (_)? @body) @item.constant

(mod_item
  (visibility_modifier)? @visibility
  name: (identifier) @name
  body: (declaration_list)? @body) @item.module

(macro_definition
  name: (identifier) @name) @item.macro

(macro_definition
  (macro_rule) @body) @item

; `#[macro_export]` is what makes a macro public.
((attribute_item (attribute (identifier) @_attribute)) @visibility
  .
  (macro_definition) @item
  (#eq? @_attribute "macro_export"))

; An impl block is named for its type without generic arguments, and for its trait with them.
(impl_item
  type: (_) @name
  body: (declaration_list)? @body) @item.impl

(impl_item
  type: (generic_type type: (_) @name)
  body: (declaration_list)? @body) @item.impl

(impl_item
  trait: (_) @name.trait) @item
