package countersign.proof.gates_test

import data.countersign.lib.change_test as change
import data.countersign.proof.gates

said(kind) := [{"id": "the.gate", "kind": kind, "verdict": "worse", "reason": "2 tests fail that did not fail before"}]

test_what_passes_passes if {
	count(gates.deny) == 0 with input as change.proved({})
	count(gates.review) == 0 with input as change.proved({})
}

test_what_was_not_proved_passes if {
	count(gates.deny) == 0 with input as change.small
}

test_new_failures_deny if {
	denied := gates.deny with input as change.proved({"gates": said("test")})
	denied == {{"message": "the.gate: 2 tests fail that did not fail before"}}
}

test_style_is_for_a_person if {
	count(gates.deny) == 0 with input as change.proved({"gates": said("format")})
	count(gates.review) == 1 with input as change.proved({"gates": said("format")})
}

test_an_older_proof_is_for_a_person if {
	count(gates.deny) == 0 with input as change.proved({"gates": said("test"), "current": false})
	count(gates.review) == 1 with input as change.proved({"gates": said("test"), "current": false})
}
