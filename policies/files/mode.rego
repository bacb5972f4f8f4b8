# METADATA
# scope: package
# title: A file becomes executable
# description: >-
#   An executable file can be run by hooks, scripts and people who do not read it first.
# custom:
#   severity: warning
package countersign.files.mode

import data.countersign.lib.findings

review contains reason if some reason in findings.by_id({"mode.executable"})
