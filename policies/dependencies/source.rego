# METADATA
# scope: package
# title: A dependency comes from another place
# description: >-
#   Who can write there decides what runs here. Over a connection that does not protect what it carries,
#   that is anyone on the way.
# custom:
#   severity: error
package countersign.dependencies.source

import data.countersign.lib.findings

deny contains reason if {
	some reason in findings.by_id({"dependency.source"})
	reason.severity == "error"
}

review contains reason if {
	some reason in findings.by_id({"dependency.source"})
	reason.severity == "warning"
}
