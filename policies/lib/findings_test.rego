package countersign.lib.findings_test

import data.countersign.lib.findings

finding(rule, line) := {
	"rule": rule,
	"severity": "warning",
	"message": sprintf("found by %s", [rule]),
	"path": "src/parse.rs",
	"first_line": line,
	"lines": 1,
}

many := {"findings": [
	finding("secret.token", 1),
	finding("secret.token", 1),
	finding("secret.token", 2),
	finding("secret.key", 3),
	finding("secrets", 4),
	finding("path.ci", 5),
]}

lines(reasons) := {reason.line | some reason in reasons}

test_each_finding_is_a_reason_once_whoever_asks if {
	count(findings.by_id({"secret.token"})) == 2 with input as many
	lines(findings.by_id({"secret.token", "path.ci", "no.such"})) == {1, 2, 5} with input as many
	count(findings.by_id({"secret"})) == 0 with input as many
}

test_a_prefix_takes_all_rules_below_it_and_no_others if {
	lines(findings.by_prefix("secret.")) == {1, 2, 3} with input as many
	count(findings.by_prefix("nothing.")) == 0 with input as many
}

test_a_reason_says_what_the_finding_says if {
	wanted := {{"message": "found by path.ci", "path": "src/parse.rs", "line": 5, "severity": "warning"}}
	findings.by_id({"path.ci"}) == wanted with input as many
}

test_what_is_found_in_another_input_is_not_known if {
	count(findings.by_id({"path.ci"})) == 1 with input as many
	count(findings.by_id({"path.ci"})) == 0 with input as {"findings": []}
}
