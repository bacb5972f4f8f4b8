# METADATA
# scope: package
# title: Risky code is added
# description: >-
#   Code that leaves the checked language, or runs text as code or as a command, deserves a person's
#   eyes.
# custom:
#   severity: warning
package countersign.code.risky

import data.countersign.lib.findings

review contains reason if some reason in findings.by_id({
	"built-query.added",
	"deserialize.added",
	"disable-verification.added",
	"eval.added",
	"exec.added",
	"raw-html.added",
	"shell.added",
	"unsafe-cast.added",
	"unsafe.added",
})
