# METADATA
# scope: package
# title: The rules that judge are changed
# description: >-
#   Configuration, policies and trust lie in the repository. A change that touches them never judges
#   itself, and always needs a person.
# custom:
#   severity: warning
package countersign.rules.changed

import data.countersign.lib.findings

review contains reason if some reason in findings.by_id({"path.rules"})

# Judged by path as well, so that this rule holds without the built-in checks.
review contains reason if {
	some file in input.changeset.files
	some path in [file.path, file.old_path]
	is_string(path)
	is_rules(path)
	reason := {"message": "the change touches the rules that judge it", "path": path}
}

is_rules(path) if lower(path) == "countersign.toml"

is_rules(path) if startswith(lower(path), ".countersign/")
