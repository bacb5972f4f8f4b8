# METADATA
# scope: package
# title: A generated file is changed
# description: >-
#   Its lines are not counted and few read them, so a person says that the generator wrote them.
#   Lockfiles have a rule of their own.
# custom:
#   severity: note
package countersign.content.generated

review contains {"message": message, "path": file.path} if {
	some file in input.changeset.files
	file.generated
	file.change != "deleted"
	not file.path in lockfiles
	message := "a file that a program writes is changed: regenerate it to compare"
}

lockfiles := {finding.path |
	some finding in input.findings
	finding.rule == "path.lockfile"
}
