# METADATA
# scope: package
# title: A dependency goes back
# description: >-
#   An older version, or a requirement that allows one, brings back what was fixed since.
# custom:
#   severity: warning
package countersign.dependencies.older

import data.countersign.lib.findings

review contains reason if {
	some reason in findings.by_id({"dependency.downgraded", "dependency.loosened"})
	reason.severity != "note"
}
