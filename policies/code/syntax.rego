# METADATA
# scope: package
# title: Source no longer parses
# description: >-
#   The change adds syntax errors to a file that had fewer before. Where source may be broken on
#   purpose (tests), and where its structure could not be read, a person looks.
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
	reason.severity != "error"
}

review contains reason if some reason in findings.by_id({"syntax.unread"})
