# METADATA
# scope: package
# title: Text direction is overridden
# description: >-
#   Bidirectional controls and invisible characters make source read differently from what it does
#   (Trojan Source, CVE-2021-42574).
# custom:
#   severity: error
package countersign.code.unicode

import data.countersign.lib.findings

deny contains reason if {
	some reason in findings.by_id({"unicode.bidi"})
	reason.severity == "error"
}

# Prose in some languages needs direction marks.
review contains reason if {
	some reason in findings.by_id({"unicode.bidi"})
	reason.severity != "error"
}

review contains reason if some reason in findings.by_id({"unicode.invisible"})
