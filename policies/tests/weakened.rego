# METADATA
# scope: package
# title: A test is skipped or weakened
# description: >-
#   A test that is skipped or asserts less can hide the break that the change makes.
# custom:
#   severity: warning
package countersign.tests.weakened

import data.countersign.lib.findings

review contains reason if some reason in findings.by_id({"test.focused", "test.skipped", "test.weakened"})
