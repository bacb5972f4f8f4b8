package countersign.tests.removed_test

import data.countersign.lib.change_test as change
import data.countersign.tests.removed

test_a_removed_test_needs_a_person if {
	said := removed.review with input as change.found("test.removed", "warning")
	{reason.line | some reason in said} == {11}
}

test_a_changed_test_passes if {
	count(removed.review) == 0 with input as change.with_entity({"test": true})
}

test_an_added_test_passes if {
	added := change.with_entity({"test": true, "change": "added", "aspects": []})
	count(removed.review) == 0 with input as added
}

test_another_finding_is_not_its_business if {
	count(removed.review) == 0 with input as change.found("test.weakened", "warning")
}
