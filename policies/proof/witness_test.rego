package countersign.proof.witness_test

import data.countersign.lib.change_test as change
import data.countersign.proof.witness

test_a_sound_proof_passes if {
	count(witness.review) == 0 with input as change.proved({})
	count(witness.review) == 0 with input as change.small
}

test_broken_tests_of_the_base_need_a_person if {
	said := witness.review with input as change.proved({"broken_base_tests": 2})
	said == {{"message": "2 tests of the base fail or do not run with the proposed code", "severity": "error"}}
}

test_a_test_that_proves_nothing_is_named if {
	said := witness.review with input as change.proved({"idle_tests": ["src/a.rs: tests::adds"]})
	said == {{"message": "src/a.rs: tests::adds proves nothing: it passes without the change, or asserts nothing"}}
}

test_few_noticed_mistakes_need_a_person if {
	count(witness.review) == 1 with input as change.proved({"mutation_percent": 40})
	count(witness.review) == 0 with input as change.proved({"mutation_percent": 40, "mutants": 3})
	count(witness.review) == 1 with input as change.proved({"mutation_percent": 0, "mutants": 1})
	count(witness.review) == 0 with input as change.proved({"mutation_percent": null, "mutants": 0})
}

test_a_test_that_became_flaky_is_named if {
	said := witness.review with input as change.proved({"flaky_tests": ["t adds"]})
	said == {{"message": "t adds passed on the base and fails at times with the change"}}
}
