//! AppArmor, where it lets only programs with a profile use namespaces (Ubuntu from 23.10 on): what has to be added.

use std::fmt::Write as _;
use std::path::Path;

const RESTRICTED: &str = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";

/// Whether it does so here.
#[expect(clippy::disallowed_methods, reason = "what the system says of itself is no source tree")]
pub fn restricts() -> bool {
    std::fs::read_to_string(RESTRICTED).is_ok_and(|said| said.trim() == "1")
}

/// A profile that allows `program` namespaces of its own and restricts nothing else of it.
pub fn profile(program: &Path) -> String {
    let mut path = String::new();
    for c in program.to_string_lossy().chars() {
        // All that a pattern would take for more than itself.
        let special = matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '^' | ',' | '"' | '\\');
        // Writing to a string does not fail.
        write!(path, "{}{c}", if special { "\\" } else { "" }).unwrap_or_default();
    }
    format!(
        "abi <abi/4.0>,\ninclude <tunables/global>\n\nprofile countersign \"{path}\" flags=(unconfined) {{\n  userns,\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_for_exactly_one_program() {
        let profile = profile(Path::new("/home/ada/my tools/{new}/countersign"));
        let line = "\nprofile countersign \"/home/ada/my tools/\\{new\\}/countersign\" flags=(unconfined) {\n  userns,\n}\n";
        assert!(profile.ends_with(line), "{profile}");
    }
}
