# METADATA
# scope: package
# title: A lockfile is changed
# description: >-
#   A lockfile decides which bytes are downloaded and run; few people read one, and fewer agents should
#   write one unseen.
# custom:
#   severity: warning
package countersign.dependencies.lockfile

import data.countersign.lib.findings

review contains reason if some reason in findings.by_id({"path.lockfile"})
