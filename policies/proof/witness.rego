# METADATA
# scope: package
# title: Tests that the author could not bend say otherwise
# description: >-
#   The tests of the base run against the proposed code, and new tests against the code as it was. One that breaks may
#   be meant; that is for a person. A new test that passes on both proves nothing, and neither do tests that notice
#   less than half of the mistakes made on purpose.
# custom:
#   severity: warning
package countersign.proof.witness

review contains {"message": message, "severity": "error"} if {
	input.proof != null
	input.proof.broken_base_tests > 0
	message := sprintf("%s with the proposed code", [broken])
}

broken := "1 test of the base fails or does not run" if input.proof.broken_base_tests == 1

broken := sprintf("%d tests of the base fail or do not run", [input.proof.broken_base_tests]) if input.proof.broken_base_tests > 1

review contains {"message": message} if {
	input.proof != null
	some test in input.proof.idle_tests
	message := sprintf("%s proves nothing: it passes without the change, or asserts nothing", [test])
}

review contains {"message": message} if {
	input.proof != null
	few_noticed
	message := sprintf("the tests notice %d of 100 mistakes in the changed lines", [input.proof.mutation_percent])
}

few_noticed if {
	input.proof.mutants >= 4
	input.proof.mutation_percent < 50
}

few_noticed if {
	input.proof.mutants > 0
	input.proof.mutation_percent == 0
}

review contains {"message": message} if {
	input.proof != null
	some test in input.proof.flaky_tests
	message := sprintf("%s passed on the base and fails at times with the change", [test])
}
