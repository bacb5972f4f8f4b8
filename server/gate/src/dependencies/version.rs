//! Versions in order, and what a requirement allows at least: enough of every ecosystem's rules to say "older".

use std::cmp::Ordering;

use super::package::Ecosystem;

/// A version, comparable with others of its ecosystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    epoch: u64,
    /// Without zeros at the end.
    release: Vec<u64>,
    stage: Stage,
    /// What tells versions of one stage apart.
    rest: Vec<Piece>,
}

/// How far a release is: a pre-release comes before it, a post-release after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Development,
    Before,
    Release,
    After,
}

/// Numbers come before words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Number(u64),
    Word(String),
}

impl Version {
    /// `None` for what has no order: a branch, a commit, a word.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches(['v', 'V', '=']);
        // What stands behind a `+` tells builds of one version apart.
        let text = text.split('+').next()?;
        let (epoch, text) = match text.split_once('!') {
            Some((epoch, text)) => (epoch.parse().ok()?, text),
            None => (0, text),
        };
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (numbers, rest) = text.split_at(end);
        let mut release = Vec::new();
        for number in numbers.trim_end_matches('.').split('.') {
            release.push(number.parse().ok()?);
        }
        while release.last() == Some(&0) {
            release.pop();
        }
        let (stage, rest) = stage_of(rest);
        Some(Self { epoch, release, stage, rest })
    }
}

fn stage_of(rest: &str) -> (Stage, Vec<Piece>) {
    let rest = rest.to_ascii_lowercase();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut current = String::new();
    let mut take = |current: &mut String| {
        let piece = std::mem::take(current);
        if !piece.is_empty() {
            pieces.push(piece.parse().map_or(Piece::Word(piece), Piece::Number));
        }
    };
    for c in rest.chars() {
        let joins = current.ends_with(|last: char| last.is_ascii_digit() == c.is_ascii_digit());
        if !c.is_alphanumeric() || !joins {
            take(&mut current);
        }
        if c.is_alphanumeric() {
            current.push(c);
        }
    }
    take(&mut current);
    // Java's words for a release, and for what it is built for.
    if let Some(Piece::Word(word)) = pieces.first()
        && matches!(word.as_str(), "final" | "ga" | "release" | "jre" | "android")
    {
        return (Stage::Release, Vec::new());
    }
    let stage = match pieces.first() {
        None => Stage::Release,
        Some(Piece::Word(word)) if word == "dev" => Stage::Development,
        Some(Piece::Word(word)) if matches!(word.as_str(), "post" | "rev" | "r" | "p") => {
            Stage::After
        }
        Some(_) => Stage::Before,
    };
    // `a1`, `alpha1` and `alpha.1` are one.
    if let Some(Piece::Word(word)) = pieces.first_mut() {
        let short = match word.as_str() {
            "alpha" => "a",
            "beta" => "b",
            "c" | "pre" | "preview" => "rc",
            other => other,
        };
        *word = short.to_owned();
    }
    (stage, pieces)
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let by = |v: &Self| (v.epoch, v.release.clone(), v.stage);
        by(self).cmp(&by(other)).then_with(|| self.rest.cmp(&other.rest))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a requirement allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// The oldest version; `None` for any.
    pub(crate) oldest: Option<Version>,
    /// Whether only one version is allowed.
    pub(crate) exact: bool,
}

/// What `requirement` allows; `None` when that cannot be told (a tag, a variable).
pub(crate) fn allowed(ecosystem: Ecosystem, requirement: &str) -> Option<Allowed> {
    let requirement = requirement.trim();
    if matches!(ecosystem, Ecosystem::Maven | Ecosystem::NuGet)
        && let Some(range) = requirement.strip_prefix(['[', '('])
    {
        return in_range(range);
    }
    if matches!(requirement, "" | "*" | "x" | "latest") {
        return Some(Allowed { oldest: None, exact: false });
    }
    let or = if ecosystem == Ecosystem::Packagist { "|" } else { "||" };
    let alternatives =
        requirement.split(or).map(str::trim).filter(|all| or != "|" || !all.is_empty());
    let alternatives: Option<Vec<Allowed>> =
        alternatives.map(|all| all_of(ecosystem, all)).collect();
    let alternatives = alternatives?;
    let exact = alternatives.len() == 1 && alternatives.iter().all(|allowed| allowed.exact);
    let oldest = alternatives.into_iter().map(|allowed| allowed.oldest).min()?;
    Some(Allowed { oldest, exact })
}

/// The rest of `[1.2]`, `[1.0,2.0)` or `(,1.0]`.
fn in_range(range: &str) -> Option<Allowed> {
    let (range, _) = range.split_once([']', ')'])?;
    let (from, exact) = match range.split_once(',') {
        Some((from, _)) => (from.trim(), false),
        None => (range.trim(), true),
    };
    let oldest = if from.is_empty() { None } else { Some(Version::parse(from)?) };
    Some(Allowed { oldest, exact })
}

/// Conditions that all hold: `>=1, <2`, `>=1 <2`, `1 - 2`.
fn all_of(ecosystem: Ecosystem, text: &str) -> Option<Allowed> {
    if let Some((from, _)) = text.split_once(" - ") {
        return Some(Allowed { oldest: Some(Version::parse(from)?), exact: false });
    }
    let (mut oldest, mut exact, mut count) = (None, false, 0);
    let mut operator = String::new();
    for word in text.split([',', ' ', '\t']).filter(|word| !word.is_empty()) {
        let end = word.find(|c: char| !"<>=!~^".contains(c)).unwrap_or(word.len());
        operator.push_str(&word[..end]);
        let version = &word[end..];
        if version.is_empty() {
            continue;
        }
        let by = std::mem::take(&mut operator);
        count += 1;
        let floor = match by.as_str() {
            "<" | "<=" | "!=" => None,
            _ => Some(floor_of(version)?),
        };
        exact = is_exact(ecosystem, &by, version);
        oldest = oldest.max(floor.flatten());
    }
    (count > 0).then_some(Allowed { oldest, exact: exact && count == 1 })
}

/// The oldest version of `1.2`, `1.x`, `1.*`; the inner `None` for any.
fn floor_of(version: &str) -> Option<Option<Version>> {
    let is_any = |part: &str| matches!(part, "*" | "x" | "X" | "+");
    let fixed: Vec<&str> = version.split('.').take_while(|part| !is_any(part)).collect();
    if fixed.is_empty() {
        return Some(None);
    }
    Version::parse(&fixed.join(".")).map(Some)
}

fn is_exact(ecosystem: Ecosystem, by: &str, version: &str) -> bool {
    let wild = version.split('.').any(|part| matches!(part, "*" | "x" | "X" | "+"));
    let whole = version.split(['-', '+']).next().unwrap_or_default().split('.').count() >= 3;
    match (by, ecosystem) {
        _ if wild => false,
        ("==" | "===", _) => true,
        ("=", Ecosystem::Cargo) => true,
        ("=" | "", Ecosystem::Npm | Ecosystem::Packagist) => whole,
        ("" | "=", Ecosystem::PyPi | Ecosystem::Go | Ecosystem::Ruby) => true,
        // The oldest that is allowed is what is taken.
        ("", Ecosystem::Maven | Ecosystem::NuGet) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(older: &str, newer: &str) {
        let parsed = |text| Version::parse(text).unwrap();
        assert!(parsed(older) < parsed(newer), "{older} is not before {newer}");
    }

    #[test]
    fn versions_are_in_order() {
        for list in [
            "1.0.0-alpha 1.0.0-alpha.1 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1",
            "1.0.dev1 1.0a1 1.0a2 1.0b1 1.0rc1 1.0 1.0.post1 1.1 1!0.1",
            "0.9 0.10 v1 2.0.0.1",
            "0.0.0-20210101000000-aaaaaaaaaaaa 0.0.0-20220101000000-bbbbbbbbbbbb 0.1.0",
        ] {
            let list: Vec<&str> = list.split(' ').collect();
            list.windows(2).for_each(|pair| order(pair[0], pair[1]));
        }
        assert_eq!(Version::parse("1.0"), Version::parse("v1.0.0+linux"));
        assert_eq!(Version::parse("33.0.0-jre"), Version::parse("33.0.0-android"));
        order("6.1.0.RC1", "6.1.0.Final");
        assert_eq!(Version::parse("main"), None);
        assert_eq!(Version::parse("99999999999999999999999"), None);
    }

    #[test]
    fn requirements_allow_at_least() {
        let check = |ecosystem, text, oldest: Option<&str>, exact| {
            let oldest = oldest.map(|text| Version::parse(text).unwrap());
            assert_eq!(allowed(ecosystem, text), Some(Allowed { oldest, exact }), "{text}");
        };
        check(Ecosystem::Npm, "^1.2.3", Some("1.2.3"), false);
        check(Ecosystem::Npm, "1.2.3", Some("1.2.3"), true);
        check(Ecosystem::Npm, "1.2", Some("1.2"), false);
        check(Ecosystem::Npm, ">=1 <2 || ^3", Some("1"), false);
        check(Ecosystem::Npm, "^2 || *", None, false);
        check(Ecosystem::Npm, "1.2 - 2", Some("1.2"), false);
        check(Ecosystem::Npm, "> = 1.2", Some("1.2"), false);
        check(Ecosystem::Cargo, "1.2.3", Some("1.2.3"), false);
        check(Ecosystem::Cargo, "=1.2.3", Some("1.2.3"), true);
        check(Ecosystem::PyPi, "<3,>=2.1", Some("2.1"), false);
        check(Ecosystem::PyPi, "==2.*", Some("2"), false);
        check(Ecosystem::PyPi, "== 2.1", Some("2.1"), true);
        check(Ecosystem::PyPi, "!=2", None, false);
        check(Ecosystem::Ruby, "~> 2.1", Some("2.1"), false);
        check(Ecosystem::Maven, "2.1", Some("2.1"), true);
        check(Ecosystem::Maven, "[2.1]", Some("2.1"), true);
        check(Ecosystem::NuGet, "[2.1, 3)", Some("2.1"), false);
        check(Ecosystem::NuGet, "(,3]", None, false);
        check(Ecosystem::Packagist, "^2.1 || ^3", Some("2.1"), false);
        check(Ecosystem::Packagist, "2.1.0", Some("2.1.0"), true);
        check(Ecosystem::Packagist, "^7.0|^8.0", Some("7.0"), false);
        check(Ecosystem::Maven, "1.+", Some("1"), false);
        assert_eq!(allowed(Ecosystem::Packagist, "dev-main"), None);
        assert_eq!(allowed(Ecosystem::Maven, "[2.1"), None);
        assert_eq!(allowed(Ecosystem::Npm, "next"), None);
    }
}
