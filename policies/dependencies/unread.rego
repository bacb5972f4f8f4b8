# METADATA
# scope: package
# title: A list of dependencies could not be read
# description: >-
#   What it brings in is not known. One that could be read before the change is broken by it; one that is
#   new may be in a form that is not known here, so a person looks.
# custom:
#   severity: error
package countersign.dependencies.unread

import data.countersign.lib.findings

deny contains reason if {
	some reason in findings.by_id({"dependency.unread"})
	reason.severity == "error"
}

review contains reason if {
	some reason in findings.by_id({"dependency.unread"})
	reason.severity == "warning"
}
