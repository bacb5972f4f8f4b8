# METADATA
# scope: package
# title: A gate speaks against the change
# description: >-
#   A build, tests, types or a scan that are worse than on the base deny it; style is for a person. A proof that speaks
#   for other files or hunks than those that would land needs a person, too: it may be true of these.
# custom:
#   severity: error
package countersign.proof.gates

style := {"lint", "format", "custom"}

worse contains gate if {
	input.proof != null
	some gate in input.proof.gates
	gate.verdict == "worse"
}

deny contains {"message": message} if {
	some gate in worse
	input.proof.current
	not gate.kind in style
	message := sprintf("%s: %s", [gate.id, gate.reason])
}

review contains {"message": message} if {
	some gate in worse
	input.proof.current
	gate.kind in style
	message := sprintf("%s: %s", [gate.id, gate.reason])
}

review contains {"message": message} if {
	some gate in worse
	not input.proof.current
	message := sprintf("%s, when it was last proved: %s", [gate.id, gate.reason])
}
