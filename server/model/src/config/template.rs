//! What a new `countersign.toml` says: every default and every detected gate, each commented out.

use serde::Serialize;

use super::{Config, GateConfig, PolicyConfig, ReviewConfig};
use crate::{GateDefinition, GateSource};

const HEAD: &str = "\
# What Countersign asks of changes to this repository. It counts as it is at the commit that a change is made on,
# never as the change makes it. All that is commented out is the default.
";

const REVIEW: &str = "
[review]
# A larger file is not read, and said so; a program writes the files that these patterns name.
";

const POLICY: &str = "
[policy]
# From so many changed lines on a person decides, and so many are denied. The same for the risk, from 0 to 100. These can
# only be stricter than the defaults. A change to a protected file always needs a person.
";

const GATES: &str = "
[gates]
# Whether gates are read off the project's files, and which of those are left out.
#detect = true
#skip = []
";

const GATE: &str = "
# The gates that the files imply. One that is stated here takes the place of the detected one of that name; any
# other can be added. `countersign gates` shows those in force. No shell reads a command.
";

#[derive(Serialize)]
struct Gates {
    gate: Vec<GateConfig>,
}

impl Config {
    /// The text of a new `countersign.toml` for a project with the gates `detected`.
    ///
    /// Prose follows `# `, settings follow `#` alone: without the latter it says the same.
    pub fn template(detected: &[GateDefinition]) -> String {
        let mut text = HEAD.to_owned();
        text.push_str(REVIEW);
        text.push_str(&commented(&ReviewConfig::default()));
        text.push_str(POLICY);
        text.push_str(&commented(&PolicyConfig::default()));
        text.push_str(GATES);
        text.push_str(GATE);
        for gate in detected {
            if let GateSource::Detected { file } = &gate.source {
                text.push_str(&format!("\n# From {file}\n"));
            }
            text.push_str(&commented(&Gates { gate: vec![GateConfig::of(gate)] }));
        }
        text
    }
}

impl GateConfig {
    fn of(gate: &GateDefinition) -> Self {
        Self {
            id: gate.id.clone(),
            kind: gate.kind,
            command: gate.command.clone(),
            folder: gate.folder.clone(),
            reports: gate.reports.clone(),
            time_limit_s: gate.time_limit_s,
        }
    }
}

/// A value as TOML, each line commented out. What does not serialise, which no configuration does, is left out.
fn commented(value: &impl Serialize) -> String {
    let text = toml::to_string(value).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| format!("#{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_values;

    fn uncommented(text: &str) -> String {
        let bare = |line: &str| {
            line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned()
                + "\n"
        };
        text.lines().map(bare).collect()
    }

    #[test]
    fn a_new_file_says_what_holds_without_it() {
        let gate = test_values::gate();
        let text = Config::template(std::slice::from_ref(&gate));
        assert_eq!(Config::parse(&text, "x"), Ok(Config::default()), "{text}");
        let stated = Config::parse(&uncommented(&text), "x").unwrap();
        assert_eq!(
            stated.gate.iter().map(GateConfig::definition).map(|g| g.digest()).collect::<Vec<_>>(),
            [gate.digest()]
        );
        assert_eq!(Config { gate: Vec::new(), ..stated }, Config::default());
        assert!(text.contains("# From Cargo.toml\n#[[gate]]\n#id = \"cargo.test\"\n"), "{text}");
    }
}
