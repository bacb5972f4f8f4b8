package countersign.api.changed_test

import data.countersign.api.changed
import data.countersign.lib.change_test as change

messages(fields) := {reason.message | some reason in said} if {
	said := changed.review with input as change.with_entity(fields)
}

test_a_removed_public_function_needs_a_person if {
	messages({"change": "removed", "aspects": []}) == {"the public function `parse` is removed"}
}

test_a_renamed_one_names_both if {
	messages({"change": "renamed", "old_name": "read", "aspects": []}) == {"the public function `parse` is renamed from `read`"}
}

test_a_changed_signature_needs_a_person if {
	messages({"aspects": ["signature", "body"]}) == {"the public function `parse` changes its signature"}
}

test_two_aspects_are_one_reason if {
	messages({"aspects": ["visibility", "signature"]}) == {"the public function `parse` changes who may use it"}
}

test_body_docs_and_layout_pass if {
	messages({"aspects": ["body"]}) == set()
	messages({"aspects": ["docs"]}) == set()
	messages({"aspects": ["format"]}) == set()
}

test_private_entities_tests_and_additions_pass if {
	messages({"change": "removed", "public": false}) == set()
	messages({"change": "removed", "test": true}) == set()
	messages({"change": "removed", "test_code": true}) == set()
	messages({"change": "added"}) == set()
}
