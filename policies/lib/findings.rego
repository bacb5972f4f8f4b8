# Reasons made of findings. Not a rule.
package countersign.lib.findings

# Everything found, by the rule that found it. Looked up, since dozens of rules ask and a change may have thousands.
by_rule[finding.rule] contains finding if some finding in input.findings

# Everything found by rules whose id is one of `ids`.
by_id(ids) := {reason(finding) |
	some id in ids
	some finding in by_rule[id]
}

# Everything found by rules whose id starts with `prefix`.
by_prefix(prefix) := {reason(finding) |
	some id, found in by_rule
	startswith(id, prefix)
	some finding in found
}

# What a finding says, as a reason.
reason(finding) := {
	"message": finding.message,
	"path": finding.path,
	"line": finding.first_line,
	"severity": finding.severity,
}
