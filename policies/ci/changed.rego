# METADATA
# scope: package
# title: CI configuration is changed
# description: >-
#   What CI runs has credentials that the change must not reach unseen.
# custom:
#   severity: warning
package countersign.ci.changed

import data.countersign.lib.findings

review contains reason if some reason in findings.by_id({"path.ci"})
