# METADATA
# scope: package
# title: The risk is high
# description: >-
#   From the configured score on, a person looks, whatever the rest says.
# custom:
#   severity: warning
package countersign.risk.high

review contains {"message": message, "severity": severity} if {
	input.risk.score >= input.limits.review_risk
	message := sprintf("the risk is %s: %d of 100%s", [input.risk.level, input.risk.score, because])
}

default severity := "warning"

severity := "error" if input.risk.level == "critical"

# The strongest reasons for the score, which come first.
because := concat("", ["; ", concat(", ", texts)]) if count(texts) > 0

because := "" if count(texts) == 0

texts := [cause.text |
	some cause in array.slice(input.risk.reasons, 0, 3)
	cause.points > 0
]
