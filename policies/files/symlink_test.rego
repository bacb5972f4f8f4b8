package countersign.files.symlink_test

import data.countersign.files.symlink
import data.countersign.lib.change_test as change

test_a_link_out_of_the_repository_is_denied if {
	count(symlink.deny) == 1 with input as change.found("symlink.outside", "error")
}

test_a_link_inside_needs_a_person if {
	linked := change.found("symlink.added", "warning")
	count(symlink.review) == 1 with input as linked
	count(symlink.deny) == 0 with input as linked
}

test_a_link_without_a_finding_needs_a_person if {
	linked := change.with_file({"content": "symlink", "old_mode": null, "new_mode": "symlink"})
	symlink.review == {{"message": "a symbolic link is added or changed", "path": "src/parse.rs"}} with input as linked
}

test_removing_a_link_passes if {
	removed := change.with_file({"content": "symlink", "old_mode": "symlink", "new_mode": null})
	count(symlink.review) == 0 with input as removed
}

test_plain_files_pass if {
	count(symlink.review) == 0 with input as change.small
	count(symlink.deny) == 0 with input as change.small
}
