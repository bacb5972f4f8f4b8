package main.verdict_test

import data.countersign.lib.change_test as change
import data.main.verdict

decided(document) := decision if decision := verdict.decision with input as document

test_a_small_change_is_allowed if decided(change.small) == "allow"

test_a_check_of_it_is_allowed_too if {
	decided(object.union(change.small, {"action": "check"})) == "allow"
}

test_documentation_is_allowed if {
	decided(object.union(
		change.with_file({"path": "README.md", "language": null}),
		{"entities": []},
	)) == "allow"
}

test_tests_only_is_allowed if {
	decided(change.with_entity({"test": true, "change": "added", "aspects": []})) == "allow"
}

test_a_review_names_its_rule if {
	document := change.found("test.removed", "warning")
	decided(document) == "review"
	said := verdict.reviews with input as document
	{reason.rule | some reason in said} == {"tests.removed"}
}

test_a_denial_wins_over_a_review if {
	both := array.concat(
		change.found("test.removed", "warning").findings,
		change.found("secret.github-token", "error").findings,
	)
	document := object.union(change.small, {"findings": both})
	decided(document) == "deny"
	said := verdict.denials with input as document
	{reason.rule | some reason in said} == {"secrets.added"}
}

test_an_unknown_action_is_denied if {
	decided(object.union(change.small, {"action": "merge"})) == "deny"
}

test_an_empty_input_is_denied if decided({}) == "deny"

test_an_input_with_a_part_missing_is_denied if {
	every part in ["findings", "entities", "unexamined", "changeset", "risk", "limits"] {
		decided(object.remove(change.small, {part})) == "deny"
	}
}

test_an_unexamined_file_is_never_allowed if {
	document := object.union(change.small, {"unexamined": [{"path": "x", "reason": "huge"}]})
	decided(document) == "deny"
}
