# METADATA
# scope: package
# title: A lock file lacks what its manifest asks for
# description: >-
#   Whoever installs next gets versions that nobody has seen.
# custom:
#   severity: warning
package countersign.dependencies.unlocked

import data.countersign.lib.findings

review contains reason if {
	some reason in findings.by_id({"dependency.unlocked"})
	reason.severity != "note"
}
