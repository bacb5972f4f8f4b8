//! Hunks that should land together, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// One hunk is broken without another. `Display` says so in a clause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dependency {
    /// The hunk that is broken alone, by its number.
    pub hunk: u32,
    /// The hunk that it needs. The other way round only if that is said too.
    pub needs: u32,
    /// What is between them.
    pub kind: DependencyKind,
    /// The name that is between them.
    pub name: String,
}

/// What makes a hunk need another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DependencyKind {
    /// It uses a name that the other one imports.
    Import,
    /// It uses a name that the other one defines.
    Definition,
    /// It uses a name whose signature the other one changes.
    Signature,
    /// It uses the new name that the other one gives to a thing.
    Rename,
    /// It changes the signature or the name of a thing, and the other one follows where that is used.
    Uses,
    /// It takes away a name, and the other one takes away a use of it.
    Removal,
    /// It takes away a name, or brings another of the same name, and the other one does the opposite.
    Replacement,
    /// Both hold parts of one thing.
    Part,
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hunk, needs, kind, name } = self;
        match kind {
            DependencyKind::Import => {
                write!(f, "hunk {hunk} uses `{name}`, which hunk {needs} imports")
            }
            DependencyKind::Definition => {
                write!(f, "hunk {hunk} uses `{name}`, which hunk {needs} defines")
            }
            DependencyKind::Signature => {
                write!(f, "hunk {hunk} uses `{name}`, whose signature hunk {needs} changes")
            }
            DependencyKind::Rename => {
                write!(f, "hunk {hunk} uses `{name}`, a name that hunk {needs} gives")
            }
            DependencyKind::Uses => {
                write!(f, "hunk {hunk} changes how `{name}` is used, which hunk {needs} follows")
            }
            DependencyKind::Removal => {
                write!(f, "hunk {hunk} removes `{name}`, which is used until hunk {needs}")
            }
            DependencyKind::Replacement => {
                write!(f, "hunk {hunk} replaces `{name}` together with hunk {needs}")
            }
            DependencyKind::Part => {
                write!(f, "hunk {hunk} holds only a part of `{name}`, hunk {needs} another")
            }
        }
    }
}

impl Dependency {
    /// What is missing when `chosen` land and `already` have landed: those whose hunk is chosen and whose
    /// need is neither. In the order of `dependencies`.
    ///
    /// # Cost
    /// Linear but for sets of numbers.
    pub fn unmet<'d>(
        dependencies: &'d [Self],
        chosen: &[u32],
        already: &[u32],
    ) -> Vec<&'d Dependency> {
        let chosen: BTreeSet<u32> = chosen.iter().copied().collect();
        let already: BTreeSet<u32> = already.iter().copied().collect();
        let unmet = |one: &&Self| {
            chosen.contains(&one.hunk)
                && !chosen.contains(&one.needs)
                && !already.contains(&one.needs)
        };
        dependencies.iter().filter(unmet).collect()
    }

    /// `chosen` and all that they need, directly or by way of others; ascending, without repeats.
    ///
    /// # Cost
    /// Linear in the dependencies but for sets of numbers.
    pub fn together(dependencies: &[Self], chosen: &[u32]) -> Vec<u32> {
        let mut needs: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for one in dependencies {
            needs.entry(one.hunk).or_default().push(one.needs);
        }
        let mut together = BTreeSet::new();
        let mut open = chosen.to_vec();
        while let Some(hunk) = open.pop() {
            if together.insert(hunk) {
                open.extend(needs.get(&hunk).into_iter().flatten());
            }
        }
        together.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(pairs: &[(u32, u32)]) -> Vec<Dependency> {
        let kind = DependencyKind::Definition;
        let of = |&(hunk, needs): &(u32, u32)| Dependency { hunk, needs, kind, name: "n".into() };
        pairs.iter().map(of).collect()
    }

    #[test]
    fn what_is_needed_is_followed_to_its_end() {
        let all = needs(&[(1, 2), (2, 3), (3, 1), (4, 1), (5, 6)]);
        assert_eq!(Dependency::together(&all, &[4]), [1, 2, 3, 4]);
        assert_eq!(Dependency::together(&all, &[6, 2]), [1, 2, 3, 6]);
        assert!(Dependency::together(&all, &[]).is_empty());
    }

    #[test]
    fn a_need_is_met_by_what_lands_with_it_or_landed_before() {
        let all = needs(&[(1, 2), (1, 3), (2, 1), (4, 1)]);
        let unmet = |chosen: &[u32], already: &[u32]| -> Vec<(u32, u32)> {
            Dependency::unmet(&all, chosen, already).iter().map(|d| (d.hunk, d.needs)).collect()
        };
        assert_eq!(unmet(&[1], &[]), [(1, 2), (1, 3)]);
        assert_eq!(unmet(&[1, 2], &[]), [(1, 3)]);
        assert!(unmet(&[1], &[2, 3]).is_empty());
        assert!(unmet(&[3], &[]).is_empty());
    }

    #[test]
    fn a_dependency_says_why_in_a_clause() {
        let one = needs(&[(3, 1)]).remove(0);
        assert_eq!(one.to_string(), "hunk 3 uses `n`, which hunk 1 defines");
        let json = serde_json::json!({"hunk": 3, "needs": 1, "kind": "definition", "name": "n"});
        assert_eq!(serde_json::to_value(&one).unwrap(), json);
    }
}
