# METADATA
# scope: package
# title: The bytes of a dependency are replaced
# description: >-
#   A version is published once. Another checksum for the same version from the same place means other code
#   under its name; one that is gone lets any code in.
# custom:
#   severity: error
package countersign.dependencies.integrity

import data.countersign.lib.findings

deny contains reason if {
	some reason in findings.by_id({"dependency.integrity"})
	reason.severity == "error"
}

review contains reason if {
	some reason in findings.by_id({"dependency.integrity"})
	reason.severity == "warning"
}
