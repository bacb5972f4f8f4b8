# METADATA
# scope: package
# title: A conflict marker is added
# description: >-
#   The markers of an unfinished merge are never meant to land.
# custom:
#   severity: error
package countersign.code.conflict_marker

import data.countersign.lib.findings

deny contains reason if some reason in findings.by_id({"conflict-marker"})
