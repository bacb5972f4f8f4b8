package countersign.content.unexamined_test

import data.countersign.content.unexamined
import data.countersign.lib.change_test as change

of(fields, listed) := object.union(change.with_file(fields), {"unexamined": listed})

listed := [{"path": "src/parse.rs", "reason": "larger than 2 MiB"}]

denies(document) if {
	count(unexamined.deny) == 1 with input as document
	count(unexamined.review) == 0 with input as document
}

reviews(document) if {
	count(unexamined.deny) == 0 with input as document
	count(unexamined.review) == 1 with input as document
}

test_a_huge_file_is_denied_with_the_reason if {
	said := unexamined.deny with input as of({"content": "huge"}, listed)
	said == {{"message": "not examined: larger than 2 MiB", "path": "src/parse.rs"}}
}

test_a_text_that_was_not_examined_is_denied if denies(of({}, listed))

test_a_check_is_no_exception if {
	denies(object.union(of({}, listed), {"action": "check"}))
}

test_an_unknown_path_is_denied if {
	denies(of({}, [{"path": "elsewhere", "reason": "not readable"}]))
}

test_a_binary_that_can_run_is_denied if {
	denies(of({"path": "lib/tool.so", "content": "binary"}, []))
	denies(of({"path": "a.png", "content": "binary", "new_mode": "executable"}, []))
}

test_an_image_needs_a_person if {
	reviews(of({"path": "docs/Shot.PNG", "content": "binary"}, []))
	reviews(of({"path": "a.png", "content": "binary"}, [{"path": "a.png", "reason": "binary"}]))
}

test_a_binary_that_was_found_in_the_files_needs_a_person if {
	binary := of({"path": "lib/tool.so", "content": "binary"}, [])
	reviews(object.union(binary, {"changeset": {"origin": {"worker": "adopted"}}}))
	denies(object.union(binary, {"changeset": {"origin": {"worker": "patch"}}}))
}

test_a_submodule_needs_a_person if {
	reviews(of({"content": "submodule", "new_mode": "submodule"}, []))
}

test_a_generated_file_needs_a_person if reviews(of({"generated": true}, listed))

test_a_deleted_binary_is_no_one_s_business if {
	gone := of({"path": "lib/tool.so", "content": "binary", "change": "deleted", "new_mode": null}, [])
	count(unexamined.deny) == 0 with input as gone
	count(unexamined.review) == 0 with input as gone
}

test_two_reasons_for_one_file_are_one if {
	twice := array.concat(listed, [{"path": "src/parse.rs", "reason": "cut short"}])
	said := unexamined.deny with input as of({}, twice)
	{reason.message | some reason in said} == {"not examined: cut short; larger than 2 MiB"}
}

test_text_passes if {
	count(unexamined.deny) == 0 with input as change.small
	count(unexamined.review) == 0 with input as change.small
}
