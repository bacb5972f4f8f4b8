package countersign.rules.changed_test

import data.countersign.lib.change_test as change
import data.countersign.rules.changed

asks(fields) if {
	count(changed.review) > 0 with input as change.with_file(fields)
}

test_the_configuration_needs_a_person if asks({"path": "countersign.toml"})

test_a_policy_needs_a_person if asks({"path": ".countersign/policies/team/rule.rego"})

test_another_spelling_needs_a_person if asks({"path": "Countersign.TOML"})

test_moving_a_policy_away_needs_a_person if {
	asks({"path": "old.rego", "old_path": ".countersign/policies/team/rule.rego"})
}

test_a_finding_needs_a_person if {
	count(changed.review) == 1 with input as change.found("path.rules", "warning")
}

test_other_files_pass if {
	not asks({})
	not asks({"path": "docs/countersign.toml.md"})
	not asks({"path": "examples/countersign.toml"})
}
