# The changes that tests start from. Not a rule; loaded for tests only.
package countersign.lib.change_test

# A change of three lines in one function body, by a program, with nothing special about it.
small := {
	"version": 1,
	"action": "propose",
	"actor": {"kind": "person", "name": "Ada", "surface": "terminal"},
	"changeset": {
		"id": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"origin": {"worker": "recipe", "name": "tidy"},
		"title": "Tidy the parser",
		"files": [file],
	},
	"stats": {"files": 1, "hunks": 1, "lines_added": 2, "lines_removed": 1},
	"entities": [entity],
	"findings": [],
	"risk": {"score": 8, "level": "low", "reasons": [], "model": "additive-1"},
	"unexamined": [],
	"proof": null,
	"limits": {"review_lines": 400, "deny_lines": 5000, "review_risk": 50, "require_proof": false},
}

file := {
	"path": "src/parse.rs",
	"old_path": null,
	"change": "modified",
	"content": "text",
	"language": "rust",
	"generated": false,
	"old_mode": "file",
	"new_mode": "file",
	"lines_added": 2,
	"lines_removed": 1,
	"protected": false,
}

entity := {
	"path": "src/parse.rs",
	"kind": "function",
	"name": "parse",
	"change": "modified",
	"old_name": null,
	"aspects": ["body"],
	"public": true,
	"test": false,
	"test_code": false,
	"first_line": 10,
	"lines": 8,
}

# `small` with one finding.
found(rule, severity) := object.union(small, {"findings": [{
	"rule": rule,
	"severity": severity,
	"message": sprintf("found by %s", [rule]),
	"path": "src/parse.rs",
	"first_line": 11,
	"lines": 1,
}]})

# A proof that speaks for what lands and has nothing against it.
proof := {
	"current": true,
	"gates": [{"id": "cargo.build", "kind": "build", "verdict": "passes", "reason": "passed"}, {"id": "cargo.test", "kind": "test", "verdict": "passes", "reason": "passed"}],
	"broken_base_tests": 0,
	"proving_tests": 1,
	"idle_tests": [],
	"flaky_tests": [],
	"coverage_percent": null,
	"mutation_percent": 80,
	"mutants": 5,
	"sandbox": "namespaces",
}

# `small` with a proof changed by `fields`.
proved(fields) := object.union(small, {"proof": object.union(proof, fields)})

# `small` with its file changed by `fields`.
with_file(fields) := with_files([fields])

# `small` with a file for each of `list`.
with_files(list) := object.union(small, {"changeset": {"files": [merged |
	some fields in list
	merged := object.union(file, fields)
]}})

# `small` with its entity changed by `fields`.
with_entity(fields) := object.union(small, {"entities": [object.union(entity, fields)]})
