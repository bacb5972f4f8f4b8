# METADATA
# scope: package
# title: A dependency is new
# description: >-
#   Somebody else's code is brought in. Its age and most of what is known of it cannot be seen from here, so
#   a person looks. What the project had before, or only tests read, is noted.
# custom:
#   severity: warning
package countersign.dependencies.added

import data.countersign.lib.findings

review contains reason if {
	some reason in findings.by_id({"dependency.added"})
	reason.severity != "note"
}
