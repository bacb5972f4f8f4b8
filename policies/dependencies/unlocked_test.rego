package countersign.dependencies.unlocked_test

import data.countersign.dependencies.unlocked
import data.countersign.lib.change_test as change

test_each_kind_is_a_reason if {
	every id in ["dependency.unlocked"] {
		said := unlocked.review with input as change.found(id, "warning")
		said == {{
			"message": sprintf("found by %s", [id]),
			"path": "src/parse.rs",
			"line": 11,
			"severity": "warning",
		}}
	}
}

test_a_note_is_no_reason if {
	every id in ["dependency.unlocked"] {
		count(unlocked.review) == 0 with input as change.found(id, "note")
	}
}

test_a_change_without_it_passes if {
	count(unlocked.review) == 0 with input as change.small
}

test_another_finding_is_not_its_business if {
	count(unlocked.review) == 0 with input as change.found("dependency.lock-alone", "error")
}
