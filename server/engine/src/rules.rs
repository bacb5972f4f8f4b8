//! What a change is judged by: configuration and policies, from a trusted place, never from the proposal.

use std::collections::BTreeSet;
use std::path::Path;

use model::{Config, ConfigError, GateKind, PolicyInput, RelPath, Verdict};
use policy::{Bundle, Policy};
use workspace::Repository;

use crate::Error;

pub(crate) const CONFIG_FILE: &str = "countersign.toml";
const REPOSITORY_POLICIES: &str = ".countersign/policies";

/// Where rules come from, beside the built-in ones.
#[derive(Debug, Clone, Default)]
pub struct RulesFrom {
    /// A revision whose `countersign.toml` and `.countersign/policies/` count. Naming it is trusting it.
    pub revision: Option<String>,
    /// Folders of the person's own policies.
    pub folders: Vec<std::path::PathBuf>,
}

/// Rules, ready to judge.
#[derive(Debug)]
pub struct Rules {
    config: Config,
    generated: gate::Globs,
    no_patterns: gate::Globs,
    /// Whether the person named the revision that the configuration comes from.
    trusted: bool,
    protected: gate::Globs,
    exempt_paths: gate::Globs,
    built_in: Policy,
    further: Vec<Policy>,
    /// What a person should know about where the rules came from.
    notices: Vec<String>,
}

impl Rules {
    /// Loads the built-in rules, the person's own, and those of a trusted revision.
    ///
    /// `fallback` is the revision whose `countersign.toml` counts when none is named: the base of the
    /// change. Its policies are not loaded, since nobody said that they are trusted; a notice says so.
    ///
    /// # Errors
    /// Config kind, with file, line and column, for whatever does not load. Nothing is skipped.
    pub(crate) fn load(
        repository: &Repository,
        from: &RulesFrom,
        fallback: Option<&str>,
    ) -> Result<Self, Error> {
        let mut notices = Vec::new();
        let mut further = Vec::new();
        for folder in &from.folders {
            further.extend(own_policies(folder)?);
        }
        let revision = from.revision.as_deref().or(fallback);
        let mut config = Config::default();
        let mut in_force = None;
        if let Some(revision) = revision {
            (config, in_force) = repository_config(repository, revision)?;
            let modules = repository_policies(repository, revision)?;
            if !modules.is_empty() && from.revision.is_some() {
                further.push(Policy::compile(&Bundle::from_modules(modules)?)?);
            } else if !modules.is_empty() {
                notices.push(format!(
                    "{} policies in {REPOSITORY_POLICIES} were not loaded: name the revision you trust with --rules-from",
                    modules.len()
                ));
            }
        }
        notices.extend(config_aside(repository, in_force.as_deref(), revision));
        Ok(Self {
            no_patterns: gate::Globs::compile(&[]).map_err(Error::Pattern)?,
            trusted: from.revision.is_some(),
            generated: gate::Globs::compile(&config.review.generated).map_err(Error::Pattern)?,
            protected: gate::Globs::compile(&config.policy.protected).map_err(Error::Pattern)?,
            exempt_paths: gate::Globs::compile(&config.policy.proof_exempt_paths)
                .map_err(Error::Pattern)?,
            built_in: Policy::compile(&Bundle::built_in()?)?,
            config,
            further,
            notices,
        })
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What a person should know about where the rules came from.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The patterns that count in a review: a repository's own would loosen it, so they count only from a
    /// revision that the person named.
    pub(crate) fn generated_when_judging(&self) -> &gate::Globs {
        if self.trusted { &self.generated } else { &self.no_patterns }
    }

    /// All patterns, for leaving files alone.
    pub(crate) fn generated(&self) -> &gate::Globs {
        &self.generated
    }

    pub(crate) fn protected(&self) -> &gate::Globs {
        &self.protected
    }

    /// Whether commits of this author need no proof: only a revision that the person named can say so.
    pub(crate) fn exempts_author(&self, address: &str) -> bool {
        let authors = &self.config.policy.proof_exempt_authors;
        self.trusted && authors.iter().any(|pattern| is_like(pattern, address))
    }

    /// Whether changes of this file need no proof; likewise.
    pub(crate) fn exempts_path(&self, path: &RelPath) -> bool {
        self.trusted && self.exempt_paths.matches(path)
    }

    /// Judges. Never fails: what goes wrong inside is a denial that says so.
    pub(crate) fn judge(&self, input: &PolicyInput) -> Verdict {
        policy::judge(&self.built_in, &self.further(), input)
    }

    /// What kinds of gates policy asks for.
    pub(crate) fn required_gates(&self, input: &PolicyInput) -> BTreeSet<GateKind> {
        policy::required_gates(&self.built_in, &self.further(), input)
    }

    fn further(&self) -> Vec<&Policy> {
        self.further.iter().collect()
    }
}

/// Whether `text` is what `pattern` says, `*` standing for anything; letters count in either case.
fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

/// Reads a folder of the person's own policies; a folder that is not there holds none.
fn own_policies(folder: &Path) -> Result<Option<Policy>, Error> {
    let modules = workspace::read_folder(folder, "rego")?;
    if modules.is_empty() {
        return Ok(None);
    }
    Ok(Some(Policy::compile(&Bundle::from_modules(modules)?)?))
}

/// Says when the saved configuration is not the one that counts: a change must not configure its own review.
fn config_aside(
    repository: &Repository,
    in_force: Option<&[u8]>,
    revision: Option<&str>,
) -> Option<String> {
    let saved = repository.saved(&CONFIG_FILE.parse().ok()?).ok().flatten();
    let saved = saved.map(|saved| saved.bytes);
    if saved.as_deref() == in_force {
        return None;
    }
    let revision = revision.map_or("no commit", |revision| revision.get(..12).unwrap_or(revision));
    let broken = saved
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| Config::parse(&text, CONFIG_FILE).err())
        .map(|error| format!("; as saved it does not load: {error}"));
    Some(format!(
        "{CONFIG_FILE} counts as it is at {revision}, not as it is saved{}",
        broken.unwrap_or_default()
    ))
}

/// The configuration at a revision, and its text.
pub(crate) fn repository_config(
    repository: &Repository,
    revision: &str,
) -> Result<(Config, Option<Vec<u8>>), Error> {
    let Ok(path) = CONFIG_FILE.parse() else { return Ok((Config::default(), None)) };
    let Some(bytes) = repository.file_at(revision, &path)? else {
        return Ok((Config::default(), None));
    };
    let origin = format!("{CONFIG_FILE} at {revision}");
    let text = String::from_utf8(bytes.clone()).map_err(|error| ConfigError {
        origin: origin.clone(),
        line: 1,
        column: 1,
        message: format!("not UTF-8 after {} bytes", error.utf8_error().valid_up_to()),
    })?;
    Ok((Config::parse(&text, &origin)?, Some(bytes)))
}

fn repository_policies(
    repository: &Repository,
    revision: &str,
) -> Result<Vec<(String, String)>, Error> {
    let Ok(folder) = REPOSITORY_POLICIES.parse() else { return Ok(Vec::new()) };
    let files = repository.files_under(revision, &folder)?;
    let rego = files.into_iter().filter(|(path, _)| path.extension().as_deref() == Some("rego"));
    Ok(rego
        .map(|(path, bytes)| {
            let path = path.to_string();
            let name =
                path.strip_prefix(REPOSITORY_POLICIES).unwrap_or(&path).trim_start_matches('/');
            (name.to_owned(), String::from_utf8_lossy(&bytes).into_owned())
        })
        .collect())
}

/// Reads a file that the person named, e.g. a patch.
///
/// # Errors
/// It is not there, not a file, or above `max_bytes`.
pub fn read_named(path: &Path, max_bytes: u64) -> Result<Vec<u8>, Error> {
    Ok(workspace::read_named(path, max_bytes)?)
}

/// Reads a folder of policies that the person named: (name, text) of each `.rego` file.
///
/// # Errors
/// The folder cannot be read.
pub fn read_policies(folder: &Path) -> Result<Vec<(String, String)>, Error> {
    Ok(workspace::read_folder(folder, "rego")?)
}
