# METADATA
# scope: package
# title: The change is large
# description: >-
#   Reviews of large changes find less. Files that programs write are not counted here; they are looked
#   at as such.
# custom:
#   severity: warning
package countersign.size.limit

lines := sum([changed |
	some file in input.changeset.files
	not file.generated
	changed := file.lines_added + file.lines_removed
])

deny contains {"message": message, "severity": "error"} if {
	lines > input.limits.deny_lines
	message := sprintf("%d lines changed, at most %d may be: split it", [lines, input.limits.deny_lines])
}

review contains {"message": message} if {
	lines > input.limits.review_lines
	lines <= input.limits.deny_lines
	message := sprintf("%d lines changed, more than %d need a person", [lines, input.limits.review_lines])
}
