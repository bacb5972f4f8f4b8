# METADATA
# scope: package
# title: Source does not parse
# description: >-
#   A file that parsed before the change does not any more. A file that is new or did not parse before may
#   be in a dialect that is not known here, so a person looks; so it is in tests, and where the structure
#   could not be read. Broken test data is only noted.
# custom:
#   severity: error
package countersign.code.syntax

import data.countersign.lib.findings

deny contains reason if {
	some reason in findings.by_id({"syntax.broken"})
	reason.severity == "error"
}

review contains reason if {
	some reason in findings.by_id({"syntax.broken"})
	reason.severity == "warning"
}

review contains reason if some reason in findings.by_id({"syntax.unread"})
