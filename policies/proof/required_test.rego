package countersign.proof.required_test

import data.countersign.lib.change_test as change
import data.countersign.proof.required

test_code_needs_a_build_and_tests if {
	required.required_gates == {"build", "test"} with input as change.small
}

test_risky_code_needs_more if {
	risky := object.union(change.small, {"risk": {"score": 60, "level": "high"}})
	required.required_gates == {"build", "test", "type_check", "lint"} with input as risky
}

test_a_dependency_needs_a_scan if {
	"security" in required.required_gates with input as change.found("dependency.added", "warning")
}

test_comments_need_nothing if {
	required.required_gates == set() with input as change.with_entity({"aspects": ["docs"]})
}

test_prose_needs_nothing if {
	required.required_gates == set() with input as change.with_file({"path": "README.md", "language": null})
}

test_what_was_not_proved_passes if {
	count(required.deny) == 0 with input as change.small
}

test_a_silent_gate_is_a_denial if {
	gates := [{"id": "cargo.test", "kind": "test", "verdict": "unknown", "reason": "timed out on the proposal"}]
	said := required.deny with input as change.proved({"gates": gates})
	said == {{"message": "cargo.test is needed and says nothing: timed out on the proposal"}}
}

test_a_silent_gate_that_nobody_needs_passes if {
	gates := array.concat(change.proof.gates, [{"id": "own", "kind": "custom", "verdict": "unknown", "reason": "crashed"}])
	count(required.deny) == 0 with input as change.proved({"gates": gates})
}

test_no_tests_at_all_need_a_person if {
	count(required.review) == 1 with input as change.proved({"gates": []})
}

test_a_proof_may_be_required if {
	strict := {"limits": {"require_proof": true}}
	count(required.deny) == 1 with input as object.union(change.small, strict)
	count(required.deny) == 1 with input as object.union(change.proved({"current": false}), strict)
	count(required.deny) == 0 with input as object.union(change.proved({}), strict)
}

silent(id) := [{"id": id, "kind": "test", "verdict": "unknown", "reason": "fails on both without saying why"}]

test_a_gate_of_another_folder_is_not_needed if {
	count(required.deny) == 0 with input as change.proved({"gates": silent("npm.test@web")})
	count(required.deny) == 1 with input as change.proved({"gates": silent("cargo.test@src")})
	count(required.deny) == 1 with input as change.proved({"gates": silent("cargo.test@web+2")})
}
