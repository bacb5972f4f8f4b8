package countersign.content.generated_test

import data.countersign.content.generated
import data.countersign.lib.change_test as change

test_a_generated_file_needs_a_person if {
	said := generated.review with input as change.with_file({"generated": true})
	{reason.path | some reason in said} == {"src/parse.rs"}
}

test_written_files_pass if {
	count(generated.review) == 0 with input as change.small
}

test_deleting_one_passes if {
	count(generated.review) == 0 with input as change.with_file({"generated": true, "change": "deleted"})
}

test_a_lockfile_is_left_to_its_own_rule if {
	locked := object.union(
		change.found("path.lockfile", "warning"),
		{"changeset": change.with_file({"generated": true}).changeset},
	)
	count(generated.review) == 0 with input as locked
}
