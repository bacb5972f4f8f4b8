package countersign.files.protected_test

import data.countersign.files.protected
import data.countersign.lib.change_test as change

test_a_protected_file_needs_a_person if {
	said := protected.review with input as change.with_file({"protected": true})
	said == {{"message": "the file is protected by the configuration", "path": "src/parse.rs"}}
}

test_other_files_pass if {
	count(protected.review) == 0 with input as change.small
}

test_only_the_protected_one_of_two_is_named if {
	both := change.with_files([{}, {"path": "LICENSE", "protected": true}])
	said := protected.review with input as both
	{reason.path | some reason in said} == {"LICENSE"}
}
