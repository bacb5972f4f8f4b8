# METADATA
# scope: package
# title: A secret is added
# description: >-
#   A key or token in the history of a repository has to be taken as published; it is cheaper to keep it
#   out than to revoke it.
# custom:
#   severity: error
package countersign.secrets.added

import data.countersign.lib.findings

deny contains reason if some reason in findings.by_prefix("secret.")
