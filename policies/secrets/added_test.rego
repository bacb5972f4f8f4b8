package countersign.secrets.added_test

import data.countersign.secrets.added
import data.countersign.lib.change_test as change

test_secret_github_token_is_a_reason if {
	said := added.deny with input as change.found("secret.github-token", "error")
	said == {{
		"message": "found by secret.github-token",
		"path": "src/parse.rs",
		"line": 11,
		"severity": "error",
	}}
}

test_a_change_without_it_passes if {
	count(added.deny) == 0 with input as change.small
}

test_another_finding_is_not_its_business if {
	count(added.deny) == 0 with input as change.found("path.ci", "error")
}

test_every_finding_is_named if {
	first := change.found("secret.github-token", "error").findings[0]
	second := object.union(first, {"first_line": 30})
	both := object.union(change.small, {"findings": [first, second]})
	said := added.deny with input as both
	{reason.line | some reason in said} == {11, 30}
}
