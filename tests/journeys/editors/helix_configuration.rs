//! What `editors/helix` hands to users, held to what their Helix has of its own.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use model::Language;
use toml::{Table, Value};

use super::tmux::Terminal;
use super::{helix, in_checkout, path, untouched};

fn handed_out(file: &str) -> Table {
    fs::read_to_string(in_checkout("editors/helix").join(file)).unwrap().parse().unwrap()
}

/// The servers that `languages.toml` lists for each language.
fn listed() -> Vec<(String, Vec<String>)> {
    let languages = handed_out("languages.toml");
    let languages = languages["language"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |language: &Value| {
        let servers = language["language-servers"].as_array().unwrap().iter().map(text).collect();
        (text(&language["name"]), servers)
    };
    languages.map(of).collect()
}

/// The oldest Helix, and a newer one if there is one.
fn versions() -> Vec<PathBuf> {
    [Some(helix::oldest()), helix::newest()].into_iter().flatten().collect()
}

/// The configuration of languages that a Helix has of its own: it is text inside of the program.
struct BuiltIn(String);

impl BuiltIn {
    fn of(helix: &Path) -> Self {
        let program = fs::read(fs::canonicalize(helix).unwrap()).unwrap();
        let text = String::from_utf8_lossy(&program);
        let from = text.find("\n[language-server]\n").expect("no configuration in the program");
        // What comes last are grammars, between and behind the languages.
        let to = text.rfind("\n[[grammar]]\n").unwrap();
        Self(text[from..to].to_owned())
    }

    /// The servers of a language, in the order in which they are asked.
    fn servers(&self, language: &str) -> Vec<String> {
        let entry = self.0.split(&format!("[[language]]\nname = \"{language}\"\n")).nth(1);
        let entry = entry.unwrap_or_else(|| panic!("Helix does not know {language}"));
        let entry = entry.split("[[language]]").next().unwrap();
        let list = entry.split("\nlanguage-servers = ").nth(1).unwrap().split(']').next().unwrap();
        let list: Table = format!("list = {list}]").parse().unwrap();
        list["list"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    /// What a server is started with, if it is known.
    fn knows(&self, server: &str) -> bool {
        [format!("\n{server} = {{"), format!("\n[language-server.{server}]\n")]
            .iter()
            .any(|defined| self.0.contains(defined))
    }
}

#[test]
fn every_language_that_is_understood_has_an_entry_for_helix() {
    let listed = listed();
    for language in Language::ALL {
        let entry = listed.iter().find(|(name, _)| name == language.name());
        let (_, servers) = entry.unwrap_or_else(|| panic!("{language:?} is not listed"));
        assert!(servers.iter().any(|server| server == "countersign"), "{language:?}");
    }
}

#[test]
fn helix_keeps_the_servers_that_it_uses_on_its_own() {
    let versions: Vec<BuiltIn> = versions().iter().map(|helix| BuiltIn::of(helix)).collect();
    let defined = handed_out("languages.toml")["language-server"].as_table().unwrap().clone();
    for (language, servers) in listed() {
        for version in &versions {
            let own = version.servers(&language);
            let kept: Vec<_> = servers.iter().filter(|server| own.contains(server)).collect();
            assert_eq!(kept, own.iter().collect::<Vec<_>>(), "{language}: {servers:?}");
            for server in &servers {
                assert!(version.knows(server) || defined.contains_key(server), "{server}");
            }
        }
        assert_eq!(servers.last().map(String::as_str), Some("countersign"), "{language}");
    }
}

/// What Helix itself has behind `space` is in the box that it shows then.
#[test]
fn the_keys_that_are_suggested_are_free_in_helix() {
    let configuration = handed_out("config.toml");
    let normal = configuration["keys"]["normal"].as_table().unwrap();
    assert_eq!(normal.keys().collect::<Vec<_>>(), ["space"]);
    let suggested: BTreeSet<&str> =
        normal["space"].as_table().unwrap().keys().map(String::as_str).collect();
    for version in versions() {
        let world = untouched();
        let terminal = Terminal::start(&world, &path(), &format!("'{}'", version.display()));
        terminal.wait_for("[scratch]");
        terminal.keys(&["Space"]);
        let screen = terminal.wait("what is behind space", |screen| screen.contains("┌Space─"));
        let key = |row: &str| Some(row.split_once('│')?.1.split_whitespace().next()?.to_owned());
        let taken: BTreeSet<String> = screen.lines().filter_map(key).collect();
        assert!(taken.contains("a") && taken.contains("c"), "{screen}");
        let twice: Vec<_> = suggested.iter().filter(|key| taken.contains(**key)).collect();
        assert!(twice.is_empty(), "{twice:?} is taken:\n{screen}");
    }
}
