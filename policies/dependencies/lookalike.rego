# METADATA
# scope: package
# title: A dependency is named like another
# description: >-
#   Whoever chose the name may wait for a slip of the hand. Characters that only look alike are never meant.
#   Otherwise a person says whether the name is meant; until one is there, what a program proposes is
#   denied.
# custom:
#   severity: error
package countersign.dependencies.lookalike

import data.countersign.lib.findings

deny contains reason if {
	some reason in findings.by_id({"dependency.lookalike"})
	reason.severity == "error"
}

deny contains reason if {
	input.action == "propose"
	input.actor.kind != "person"
	some reason in findings.by_id({"dependency.lookalike"})
	reason.severity == "warning"
}

review contains reason if {
	some reason in findings.by_id({"dependency.lookalike"})
	reason.severity == "warning"
}
