package countersign.ci.changed_test

import data.countersign.ci.changed
import data.countersign.lib.change_test as change

test_path_ci_is_a_reason if {
	said := changed.review with input as change.found("path.ci", "warning")
	said == {{
		"message": "found by path.ci",
		"path": "src/parse.rs",
		"line": 11,
		"severity": "warning",
	}}
}

test_a_change_without_it_passes if {
	count(changed.review) == 0 with input as change.small
}

test_another_finding_is_not_its_business if {
	count(changed.review) == 0 with input as change.found("path.lockfile", "error")
}

test_every_finding_is_named if {
	first := change.found("path.ci", "warning").findings[0]
	second := object.union(first, {"first_line": 30})
	both := object.union(change.small, {"findings": [first, second]})
	said := changed.review with input as both
	{reason.line | some reason in said} == {11, 30}
}
