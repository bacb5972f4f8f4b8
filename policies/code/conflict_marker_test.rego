package countersign.code.conflict_marker_test

import data.countersign.code.conflict_marker
import data.countersign.lib.change_test as change

test_conflict_marker_is_a_reason if {
	said := conflict_marker.deny with input as change.found("conflict-marker", "error")
	said == {{
		"message": "found by conflict-marker",
		"path": "src/parse.rs",
		"line": 11,
		"severity": "error",
	}}
}

test_a_change_without_it_passes if {
	count(conflict_marker.deny) == 0 with input as change.small
}

test_another_finding_is_not_its_business if {
	count(conflict_marker.deny) == 0 with input as change.found("path.ci", "error")
}

test_every_finding_is_named if {
	first := change.found("conflict-marker", "error").findings[0]
	second := object.union(first, {"first_line": 30})
	both := object.union(change.small, {"findings": [first, second]})
	said := conflict_marker.deny with input as both
	{reason.line | some reason in said} == {11, 30}
}
