# METADATA
# scope: package
# title: The decision on a change
# description: >-
#   Collects what every rule says. Nothing is allowed unless this package says so: an input of another
#   version, a reason of any rule or anything unexamined stands against it. It is not below
#   `countersign`, because a rule cannot read the tree that it is part of.
# entrypoint: true
package main.verdict

default decision := "deny"

decision := "allow" if {
	sound
	count(denials) == 0
	count(reviews) == 0
	count(input.unexamined) == 0
}

decision := "review" if {
	sound
	count(denials) == 0
	count(reviews) > 0
}

# The contract that the rules are written for.
sound if {
	input.version == 1
	input.action in {"propose", "check"}
	is_array(input.changeset.files)
	is_array(input.entities)
	is_array(input.findings)
	is_array(input.unexamined)
	is_number(input.risk.score)
	is_number(input.limits.review_lines)
	is_number(input.limits.deny_lines)
	is_number(input.limits.review_risk)
}

denials contains object.union(reason, {"rule": id}) if {
	some category, rule
	some reason in data.countersign[category][rule].deny
	id := sprintf("%s.%s", [category, rule])
}

reviews contains object.union(reason, {"rule": id}) if {
	some category, rule
	some reason in data.countersign[category][rule].review
	id := sprintf("%s.%s", [category, rule])
}
