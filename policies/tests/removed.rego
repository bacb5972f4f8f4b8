# METADATA
# scope: package
# title: A test is removed
# description: >-
#   What a removed test would have caught, no one is told of. A person says whether it was in the way or
#   in the right.
# custom:
#   severity: warning
package countersign.tests.removed

import data.countersign.lib.findings

review contains reason if some reason in findings.by_id({"test.removed"})
