# METADATA
# scope: package
# title: A test says less than it seems to
# description: >-
#   A test that is skipped, asserts less or asserts nothing can hide the break that the change makes; so does
#   code that answers a test's input by itself.
# custom:
#   severity: warning
package countersign.tests.weakened

import data.countersign.lib.findings

review contains reason if {
	some reason in findings.by_id({
		"test.asserts-nothing",
		"test.focused",
		"test.runner",
		"test.skipped",
		"test.special-cased",
		"test.weakened",
	})
}
