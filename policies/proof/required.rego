# METADATA
# scope: package
# title: A gate that the change needs did not speak for it
# description: >-
#   Which kinds of gates a change needs follows from its risk and from what it does. A gate of a folder, named
#   `id@folder`, is needed by changes in that folder. They are needed as far as the
#   project has them: what has no tests cannot be asked for any, and a person sees that instead.
# custom:
#   severity: error
package countersign.proof.required

# The kinds of gates whose word is needed, by what the change is.
required_gates contains kind if {
	changes_code
	some kind in {"build", "test"}
}

required_gates contains kind if {
	changes_code
	input.risk.score >= input.limits.review_risk
	some kind in {"type_check", "lint"}
}

required_gates contains "security" if {
	some finding in input.findings
	startswith(finding.rule, "dependency.")
}

changes_code if {
	some file in input.changeset.files
	file.language != null
	not file.generated
	not cosmetic
}

# Only what is written for people changed.
cosmetic if {
	count(input.entities) > 0
	every entity in input.entities {
		every aspect in entity.aspects {
			aspect in {"docs", "format"}
		}
		entity.change == "modified"
	}
}

deny contains {"message": message} if {
	input.proof != null
	some gate in input.proof.gates
	gate.kind in required_gates
	gate.verdict == "unknown"
	touched(gate)
	message := sprintf("%s is needed and says nothing: %s", [gate.id, gate.reason])
}

review contains {"message": message, "severity": "warning"} if {
	input.proof != null
	"test" in required_gates
	not has_tests
	message := "no gate runs tests, so nothing shows that it works"
}

# A gate without a folder of its own, or whose name does not say it, is touched by every change.
touched(gate) if not contains(gate.id, "@")

touched(gate) if contains(gate.id, "+")

touched(gate) if {
	folder := split(gate.id, "@")[1]
	some file in input.changeset.files
	startswith(file.path, sprintf("%s/", [folder]))
}

has_tests if {
	some gate in input.proof.gates
	gate.kind == "test"
}

deny contains {"message": "a proof is required, and there is none"} if {
	input.limits.require_proof
	input.proof == null
}

deny contains {"message": message} if {
	input.limits.require_proof
	input.proof != null
	not input.proof.current
	message := "a proof is required, and the one there is speaks for other files or hunks: prove it again"
}
