# METADATA
# scope: package
# title: Dependencies are changed
# description: >-
#   A manifest asks for other code than before, and that code runs with the rights of this one.
# custom:
#   severity: warning
package countersign.dependencies.changed

import data.countersign.lib.findings

review contains reason if some reason in findings.by_id({"path.dependencies"})
