# METADATA
# scope: package
# title: A licence header is missing, removed or changed
# description: >-
#   Headers, licence files and manifests say who owns the work and what others may do with it. Only its
#   owners can change that.
# custom:
#   severity: warning
package countersign.licences.header

import data.countersign.lib.findings

review contains reason if {
	some reason in findings.by_id({"licence.changed", "licence.missing", "licence.removed"})
	reason.severity != "note"
}
