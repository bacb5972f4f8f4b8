# METADATA
# scope: package
# title: Code runs at installation
# description: >-
#   It runs on the machine of everyone who installs or builds, with their rights and before any test, be it
#   a dependency's or the project's own.
# custom:
#   severity: warning
package countersign.dependencies.install_script

import data.countersign.lib.findings

review contains reason if {
	some reason in findings.by_id({"dependency.install-script", "install-script.changed"})
	reason.severity != "note"
}
