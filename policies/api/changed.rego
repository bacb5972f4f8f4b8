# METADATA
# scope: package
# title: The public interface is changed
# description: >-
#   Callers outside of the package depend on what is public. Removing, renaming or re-typing it can break
#   those that no test here knows. Additions break no one, and neither do tests, examples and documentation.
# custom:
#   severity: warning
package countersign.api.changed

review contains reason if {
	some entity in input.entities
	entity.public
	not entity.test
	not entity.test_code
	how := broken(entity)
	reason := {
		"message": sprintf("the public %s `%s` %s", [entity.kind, entity.name, how]),
		"path": entity.path,
		"line": entity.first_line,
	}
}

broken(entity) := "is removed" if entity.change == "removed"

broken(entity) := sprintf("is renamed from `%s`", [entity.old_name]) if entity.change == "renamed"

broken(entity) := "changes who may use it" if {
	entity.change == "modified"
	"visibility" in entity.aspects
}

broken(entity) := "changes its signature" if {
	entity.change == "modified"
	"signature" in entity.aspects
	not "visibility" in entity.aspects
}
