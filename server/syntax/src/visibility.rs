//! Who may use an entity, by the rule of its language.

use std::collections::{BTreeSet, HashMap};

use model::EntityKind;

use crate::grammar::VisibilityRule;
use crate::outline::Entity;

/// What the source text of a private thing is called where the language has no word for it.
const PRIVATE: &str = "private";

/// Fills in `public`, and `visibility` where a name or an export list says it.
///
/// Parents come before their members, so each can rely on its parent's answer.
pub(crate) fn settle_visibility(
    entities: &mut [Entity],
    rule: VisibilityRule,
    exports: &BTreeSet<String>,
) {
    let types =
        if rule == VisibilityRule::Marker { public_types(entities) } else { HashMap::new() };
    for at in 0..entities.len() {
        let Some(entity) = entities.get(at) else { continue };
        let parent = entity.parent.and_then(|at| entities.get(at));
        let (public, visibility) = match rule {
            VisibilityRule::Marker => marker(entity, parent, &types),
            VisibilityRule::Underscore => underscore(entity, parent),
            VisibilityRule::Export => export(entity, parent, exports),
            VisibilityRule::Capital => capital(entity, parent),
        };
        if let Some(entity) = entities.get_mut(at) {
            entity.public = public;
            if let Some(visibility) = visibility {
                entity.visibility = visibility.to_owned();
            }
        }
    }
}

/// Types and traits of the file by their name, and whether they are public.
fn public_types(entities: &[Entity]) -> HashMap<String, bool> {
    let kinds = [EntityKind::Struct, EntityKind::Enum, EntityKind::Interface, EntityKind::Type];
    entities
        .iter()
        .filter(|entity| kinds.contains(&entity.kind))
        .map(|entity| (entity.own_name.clone(), marked_public(&entity.visibility)))
        .collect()
}

/// `pub(crate)`, `pub(super)` and `pub(in ..)` end at the package; `#[macro_export]` stands in for `pub`.
fn marked_public(visibility: &str) -> bool {
    visibility == "pub" || visibility.starts_with("#[")
}

fn marker(
    entity: &Entity,
    parent: Option<&Entity>,
    types: &HashMap<String, bool>,
) -> (bool, Option<&'static str>) {
    let known = |name: &str| types.get(name).copied().unwrap_or(true);
    let last = |path: &str| {
        let path = path.split('<').next().unwrap_or_default();
        path.rsplit("::").next().unwrap_or_default().trim().to_owned()
    };
    let public = match (entity.kind, parent) {
        (EntityKind::Impl, _) => {
            match entity.own_name.strip_prefix('<').and_then(|n| n.split_once(" as ")) {
                Some((of, what)) => known(&last(of)) && known(&last(what.trim_end_matches('>'))),
                None => known(&last(&entity.own_name)),
            }
        }
        (_, Some(parent)) if parent.is_function() => false,
        (_, Some(parent)) if parent.kind == EntityKind::Interface => parent.public,
        (_, Some(parent))
            if parent.kind == EntityKind::Impl && parent.own_name.starts_with('<') =>
        {
            parent.public
        }
        _ => marked_public(&entity.visibility),
    };
    (public, None)
}

fn underscore(entity: &Entity, parent: Option<&Entity>) -> (bool, Option<&'static str>) {
    let name = &entity.own_name;
    let dunder = name.len() > 4 && name.starts_with("__") && name.ends_with("__");
    let private = name.starts_with('_') && !dunder;
    let reachable = parent.is_none_or(|parent| parent.public && !parent.is_function());
    (!private && reachable, private.then_some(PRIVATE))
}

fn capital(entity: &Entity, parent: Option<&Entity>) -> (bool, Option<&'static str>) {
    let named = entity.own_name.chars().next().is_some_and(char::is_uppercase);
    (named && parent.is_none_or(|parent| parent.public && !parent.is_function()), None)
}

fn export(
    entity: &Entity,
    parent: Option<&Entity>,
    exports: &BTreeSet<String>,
) -> (bool, Option<&'static str>) {
    let hidden = entity.visibility == PRIVATE || entity.own_name.starts_with('#');
    match parent {
        _ if hidden => (false, Some(PRIVATE)),
        Some(parent) if parent.is_function() || parent.in_test => (false, None),
        Some(parent) if parent.kind == EntityKind::Module => {
            (parent.public && !entity.visibility.is_empty(), None)
        }
        Some(parent) => (parent.public, None),
        None if !entity.visibility.is_empty() => (true, None),
        None if exports.contains(&entity.own_name) => (true, Some("export")),
        None => (is_member_export(&entity.own_name), None),
    }
}

/// `exports.x = function () {}` and `module.exports = function () {}` say it in their name.
fn is_member_export(name: &str) -> bool {
    name.starts_with("exports.") || name.starts_with("module.exports")
}
