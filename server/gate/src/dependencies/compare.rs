//! What differs between the packages of a file before and after.

use std::collections::{BTreeMap, BTreeSet};

use model::{Finding, RelPath, Severity};

use super::go::INDIRECT;
use super::lines::Lines;
use super::lookalike::{How, lookalike};
use super::package::{Ecosystem, Kind, Listing, Package, Source, shown};
use super::sources::fetched;
use super::version::{Version, allowed};
use crate::place::finding;

/// What the rest of the change, and the project before it, say of packages.
#[derive(Default)]
pub(crate) struct Around<'l> {
    /// What the lock files of the change fix: its licence and its version are known from there.
    pub(crate) locked: BTreeMap<(Ecosystem, String), &'l Package>,
    /// What was asked for or locked before, anywhere in the change or in the lock files beside it.
    pub(crate) known: BTreeSet<(Ecosystem, String)>,
    /// What a manifest of the change asks for now and no manifest of it asked for before.
    pub(crate) asked: BTreeSet<(Ecosystem, String)>,
}

/// One file with its packages on both sides.
pub(crate) struct Compared<'c> {
    pub(crate) path: &'c RelPath,
    pub(crate) before: Option<&'c Listing>,
    pub(crate) after: &'c Listing,
    pub(crate) lines: Lines,
    pub(crate) around: &'c Around<'c>,
}

/// How many packages one finding lists.
const LISTED_MAX: usize = 8;

/// How many new packages of one manifest have a finding each; more are listed in one.
const EACH_MAX: usize = 12;

impl Compared<'_> {
    /// All findings of the file.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let empty = Listing::new(self.after.ecosystem, self.after.kind);
        let before = self.before.unwrap_or(&empty).by_key();
        let after = self.after.by_key();
        let mut findings = Vec::new();
        let mut fresh = Vec::new();
        for (key, now) in &after {
            match before.get(key) {
                None if self.after.kind != Kind::Sums => {
                    findings.extend(self.of_new(key, now));
                    fresh.push(now.as_slice());
                }
                None => {}
                Some(old) => {
                    findings.extend(self.older(old, now));
                    findings.extend(self.elsewhere(old, now));
                    findings.extend(self.other_bytes(old, now));
                    findings.extend(self.runs_now(old, now));
                }
            }
        }
        findings.extend(self.added(&fresh));
        findings.extend(self.other_indexes());
        findings
    }

    /// Registries that were not named before: what is asked for by name may come from there.
    fn other_indexes(&self) -> Vec<Finding> {
        let known = self.before.map(|before| &before.indexes);
        let new =
            self.after.indexes.iter().filter(|index| !known.is_some_and(|k| k.contains(*index)));
        new.map(|index| {
            let line = self.lines.of(index.trim_start_matches("http://"));
            fetched(self.path, line, index, "")
        })
        .collect()
    }

    fn say(&self, rule: &str, name: &str, message: String) -> Finding {
        finding(rule, self.path, self.lines.of(name), message)
    }

    fn of_new(&self, key: &str, now: &[&Package]) -> Vec<Finding> {
        let Some(package) = now.iter().find(|package| !package.is_local()) else {
            return self.outside(now);
        };
        let mut findings = self.outside(now);
        let id = (self.after.ecosystem, key.to_owned());
        let told = self.after.kind == Kind::Locked && self.around.asked.contains(&id);
        if !told {
            findings.extend(self.lookalike(package));
        }
        if let Some(other) =
            now.iter().find(|package| !package.is_local() && package.source != Source::Registry)
        {
            findings.push(self.comes_from(other, "is new and comes from"));
        }
        if now.iter().any(|package| package.install_script) {
            findings.push(self.runs(package, "is new and runs a script when it is installed"));
        }
        findings
    }

    fn lookalike(&self, package: &Package) -> Option<Finding> {
        let name = shown(&package.name);
        let ecosystem = self.after.ecosystem;
        let Some(likeness) = lookalike(ecosystem, &package.name) else {
            let plain = |c: char| c.is_ascii_graphic();
            return (!package.name.chars().all(plain)).then(|| {
                let message = format!("`{name}` has characters that names of packages do not have");
                self.say("dependency.lookalike", &package.name, message)
            });
        };
        let message = format!(
            "`{name}` looks like `{}`, which many use: {}; make sure that it is meant",
            likeness.of,
            likeness.how.words()
        );
        let mut found = self.say("dependency.lookalike", &package.name, message);
        if likeness.how != How::Shape || package.name.is_ascii() {
            found.severity = Severity::Warning;
        }
        Some(found)
    }

    /// Paths that lead out of the project.
    fn outside(&self, now: &[&Package]) -> Vec<Finding> {
        let leads_out = |package: &&&Package| match &package.source {
            Source::Path(path) => crate::paths::leaves(self.path, path.as_bytes()),
            _ => false,
        };
        let outside = now.iter().filter(leads_out);
        outside
            .map(|package| self.comes_from(package, "comes from outside of the project:"))
            .collect()
    }

    fn comes_from(&self, package: &Package, how: &str) -> Finding {
        let message = format!("`{}` {how} {}", shown(&package.name), package.source.words());
        self.of_source(package, message)
    }

    fn of_source(&self, package: &Package, message: String) -> Finding {
        let unprotected = package.source.is_unprotected();
        let message = if unprotected {
            format!("{message}, over a connection that anyone on the way can change")
        } else {
            message
        };
        let mut found = self.say("dependency.source", &package.name, message);
        if !unprotected {
            found.severity = Severity::Warning;
        }
        found
    }

    fn runs(&self, package: &Package, how: &str) -> Finding {
        let message = format!("`{}` {how}", shown(&package.name));
        self.say("dependency.install-script", &package.name, message)
    }

    /// New packages: each by itself where a manifest asks for it, all together in a lock file or a new manifest.
    fn added(&self, fresh: &[&[&Package]]) -> Vec<Finding> {
        let ecosystem = self.after.ecosystem;
        let mut each: Vec<&Package> = Vec::new();
        let mut together: Vec<&Package> = Vec::new();
        let mut known: Vec<&Package> = Vec::new();
        for now in fresh {
            let Some(package) = now.iter().copied().find(|package| !package.is_local()) else {
                continue;
            };
            let id = (ecosystem, ecosystem.key(&package.name));
            let asked = self.after.kind == Kind::Asked;
            if asked && package.place != INDIRECT {
                let list = if self.around.known.contains(&id) { &mut known } else { &mut each };
                list.push(package);
            } else if !self.around.asked.contains(&id) {
                together.push(package);
            }
        }
        if self.before.is_none() || each.len() > EACH_MAX {
            together.append(&mut each);
        }
        let mut findings: Vec<Finding> =
            each.iter().map(|package| self.added_one(package)).collect();
        let count = match together.len() {
            1 => "1 new dependency".to_owned(),
            count => format!("{count} new dependencies"),
        };
        let said = together.iter().all(|package| package.licence.is_some());
        let unknown = if said { "age is" } else { "age and licence are" };
        let whose = if together.len() == 1 { "its" } else { "their" };
        let unknown = format!("; {whose} {unknown} unknown offline");
        findings.extend(self.listed(&together, &count, &unknown));
        let known = self.listed(&known, "asked for here now, and there before", "");
        findings.extend(known.map(|found| Finding { severity: Severity::Note, ..found }));
        findings
    }

    fn added_one(&self, package: &Package) -> Finding {
        let id = (self.after.ecosystem, self.after.ecosystem.key(&package.name));
        let locked = self.around.locked.get(&id);
        let mut about = self.after.ecosystem.word().to_owned();
        if !package.version.is_empty() {
            about = format!("{about}, `{}`", shown(&package.version));
        }
        if let Some(locked) = locked {
            about = format!("{about}, locked at {}", shown(&locked.version));
        }
        let licence = package.licence.as_ref().or_else(|| locked?.licence.as_ref());
        let unknown = match licence {
            Some(licence) => format!("licence {}; its age is unknown offline", shown(licence)),
            None => "its age and licence are unknown offline".to_owned(),
        };
        let name = shown(&package.name);
        let message = format!("`{name}` is a new dependency ({about}): {unknown}");
        self.say("dependency.added", &package.name, message)
    }

    /// One finding for several packages, between what is said of all of them; none for none.
    fn listed(&self, packages: &[&Package], lead: &str, end: &str) -> Option<Finding> {
        let first = packages.first()?;
        let lines = packages.iter().map(|package| self.lines.of(&package.name));
        let first_line = lines.min().unwrap_or_default();
        let named = |package: &&Package| {
            let licence = package.licence.as_ref().map(|licence| format!(" ({})", shown(licence)));
            let version = Some(shown(&package.version)).filter(|version| !version.is_empty());
            let version = version.map(|version| format!(" {version}")).unwrap_or_default();
            format!("`{}`{version}{}", shown(&package.name), licence.unwrap_or_default())
        };
        let names: Vec<String> = packages.iter().take(LISTED_MAX).map(named).collect();
        let rest = match packages.len() - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!("{lead}: {}{rest}{end}", names.join(", "));
        Some(Finding { first_line, ..self.say("dependency.added", &first.name, message) })
    }

    /// Whether an older version is fixed, asked for or allowed.
    fn older(&self, old: &[&Package], now: &[&Package]) -> Option<Finding> {
        match self.after.kind {
            Kind::Sums => None,
            Kind::Locked => self.locked_older(old, now),
            Kind::Asked => now.iter().find_map(|now| {
                let mut beside = old.iter().filter(|old| old.place == now.place).peekable();
                let first = *beside.peek()?;
                // One place may ask for several versions, each for other circumstances.
                let was_there = beside.any(|old| old.version == now.version);
                if was_there { None } else { self.asked_older(first, now) }
            }),
        }
    }

    fn locked_older(&self, old: &[&Package], now: &[&Package]) -> Option<Finding> {
        let known: BTreeSet<&str> = old.iter().map(|package| package.version.as_str()).collect();
        // A version that is only gone is no step back.
        now.iter().find(|package| !known.contains(package.version.as_str()))?;
        let newest = |packages: &[&Package]| {
            let by = |p: &&Package| Some((Version::parse(&p.version)?, p.version.clone()));
            packages.iter().filter_map(by).max()
        };
        let ((before, from), (after, to)) = (newest(old)?, newest(now)?);
        let name = &now.first()?.name;
        (after < before).then(|| {
            let message =
                format!("`{}` goes back from {} to {}", shown(name), shown(&from), shown(&to));
            self.say("dependency.downgraded", name, message)
        })
    }

    fn asked_older(&self, old: &Package, now: &Package) -> Option<Finding> {
        if old.version == now.version
            || now.is_local()
            || old.is_local()
            || now.source != old.source
        {
            return None;
        }
        let ecosystem = self.after.ecosystem;
        // Here a version that is not said is said elsewhere.
        if now.version.is_empty() && matches!(ecosystem, Ecosystem::Maven | Ecosystem::NuGet) {
            return None;
        }
        let (from, to) = (allowed(ecosystem, &old.version)?, allowed(ecosystem, &now.version)?);
        let name = shown(&now.name);
        let asks = |package: &Package| match package.version.as_str() {
            "" => "any version".to_owned(),
            version => format!("`{}`", shown(version)),
        };
        let older = to.oldest < from.oldest;
        let what = format!("`{name}` is asked for as {}, before as {}", asks(now), asks(old));
        let (rule, message) = if older && to.exact && from.exact {
            ("dependency.downgraded", format!("{what}: it goes back to an older version"))
        } else if older {
            ("dependency.loosened", format!("{what}: older versions are allowed"))
        } else if from.exact && !to.exact {
            ("dependency.loosened", format!("{what}: it is no longer one version"))
        } else {
            return None;
        };
        Some(self.say(rule, &now.name, message))
    }

    fn elsewhere(&self, old: &[&Package], now: &[&Package]) -> Option<Finding> {
        let known: BTreeSet<&Source> = old.iter().map(|package| &package.source).collect();
        let inherited = old.iter().any(|package| package.inherited);
        let other = now.iter().find(|package| {
            let outside = match &package.source {
                Source::Path(path) => crate::paths::leaves(self.path, path.as_bytes()),
                _ => true,
            };
            !package.inherited && !inherited && !known.contains(&package.source) && outside
        })?;
        let before = known.first()?;
        let name = shown(&other.name);
        let message =
            format!("`{name}` comes from {}, before from {}", other.source.words(), before.words());
        Some(self.of_source(other, message))
    }

    /// The same version from the same place with another checksum, or with none.
    fn other_bytes(&self, old: &[&Package], now: &[&Package]) -> Option<Finding> {
        now.iter().find_map(|now| {
            let same = |old: &&&Package| old.version == now.version && old.source == now.source;
            let mut old = old.iter().filter(same).peekable();
            old.peek()?;
            let before = by_what(old.flat_map(|package| &package.hashes));
            let after = by_what(&now.hashes);
            let name = shown(&now.name);
            let version = shown(now.version.trim_start_matches('='));
            let differs = before.iter().find(|(what, hashes)| {
                after.get(*what).is_some_and(|now| now.is_disjoint(hashes))
            });
            if differs.is_some() {
                let message = format!(
                    "the checksum of `{name}` {version} is another for the same version: its bytes were replaced"
                );
                return Some(self.say("dependency.integrity", &now.name, message));
            }
            if !before.is_empty() && after.is_empty() && self.after.kind != Kind::Sums {
                let message = format!("`{name}` {version} has no checksum any more");
                let found = self.say("dependency.integrity", &now.name, message);
                return Some(Finding { severity: Severity::Warning, ..found });
            }
            None
        })
    }

    fn runs_now(&self, old: &[&Package], now: &[&Package]) -> Option<Finding> {
        let package = now.iter().find(|package| package.install_script)?;
        if old.iter().any(|package| package.install_script) {
            return None;
        }
        let how =
            format!("{} runs a script when it is installed, before it ran none", package.version);
        Some(self.runs(package, &shown(&how)))
    }
}

fn by_what<'h>(
    hashes: impl IntoIterator<Item = &'h (String, String)>,
) -> BTreeMap<&'h str, BTreeSet<&'h str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (what, hash) in hashes {
        found.entry(what).or_default().insert(hash);
    }
    found
}
