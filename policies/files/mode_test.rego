package countersign.files.mode_test

import data.countersign.files.mode
import data.countersign.lib.change_test as change

test_mode_executable_is_a_reason if {
	said := mode.review with input as change.found("mode.executable", "warning")
	said == {{
		"message": "found by mode.executable",
		"path": "src/parse.rs",
		"line": 11,
		"severity": "warning",
	}}
}

test_a_change_without_it_passes if {
	count(mode.review) == 0 with input as change.small
}

test_another_finding_is_not_its_business if {
	count(mode.review) == 0 with input as change.found("path.ci", "error")
}

test_every_finding_is_named if {
	first := change.found("mode.executable", "warning").findings[0]
	second := object.union(first, {"first_line": 30})
	both := object.union(change.small, {"findings": [first, second]})
	said := mode.review with input as both
	{reason.line | some reason in said} == {11, 30}
}
