# Reasons made of findings. Not a rule.
package countersign.lib.findings

# Everything found by rules whose id is one of `ids`.
by_id(ids) := {reason(finding) |
	some finding in input.findings
	finding.rule in ids
}

# Everything found by rules whose id starts with `prefix`.
by_prefix(prefix) := {reason(finding) |
	some finding in input.findings
	startswith(finding.rule, prefix)
}

# What a finding says, as a reason.
reason(finding) := {
	"message": finding.message,
	"path": finding.path,
	"line": finding.first_line,
	"severity": finding.severity,
}
