# METADATA
# scope: package
# title: The input is of another version
# description: >-
#   Rules that read a contract they do not know could miss what they are there for.
# custom:
#   severity: error
package countersign.contract.version

deny contains {"message": message} if {
	not known
	message := "these policies know version 1 of the input: update the program or the policies"
}

known if input.version == 1
