package countersign.size.limit_test

import data.countersign.lib.change_test as change
import data.countersign.size.limit

sized(added, removed) := change.with_file({"lines_added": added, "lines_removed": removed})

test_the_limit_itself_passes if {
	count(limit.review) == 0 with input as sized(300, 100)
	count(limit.deny) == 0 with input as sized(300, 100)
}

test_one_more_needs_a_person if {
	limit.review == {{"message": "401 lines changed, more than 400 need a person"}} with input as sized(301, 100)
	count(limit.deny) == 0 with input as sized(301, 100)
}

test_far_more_is_denied if {
	said := limit.deny with input as sized(5001, 0)
	said == {{"message": "5001 lines changed, at most 5000 may be: split it", "severity": "error"}}
	count(limit.review) == 0 with input as sized(5001, 0)
}

test_files_add_up if {
	two := change.with_files([{"lines_added": 250}, {"path": "b.rs", "lines_added": 250}])
	count(limit.review) == 1 with input as two
}

test_generated_files_are_not_counted if {
	count(limit.review) == 0 with input as change.with_file({"generated": true, "lines_added": 9000})
}
