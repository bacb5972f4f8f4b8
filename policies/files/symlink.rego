# METADATA
# scope: package
# title: A symbolic link is added
# description: >-
#   A link makes one path stand for another. Inside the repository a person looks at it; one that leads
#   out of it could make tools read or write elsewhere.
# custom:
#   severity: warning
package countersign.files.symlink

import data.countersign.lib.findings

deny contains reason if some reason in findings.by_id({"symlink.outside"})

review contains reason if some reason in findings.by_id({"symlink.added"})

# Should the check of links not have spoken, a link is still looked at.
review contains reason if {
	some file in input.changeset.files
	file.new_mode == "symlink"
	reason := {"message": "a symbolic link is added or changed", "path": file.path}
}
