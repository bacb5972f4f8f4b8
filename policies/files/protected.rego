# METADATA
# scope: package
# title: A protected file is changed
# description: >-
#   The configuration names files whose change always needs a person.
# custom:
#   severity: warning
package countersign.files.protected

review contains {"message": message, "path": file.path} if {
	some file in input.changeset.files
	file.protected
	message := "the file is protected by the configuration"
}
