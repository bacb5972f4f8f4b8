package countersign.contract.version_test

import data.countersign.contract.version
import data.countersign.lib.change_test as change

test_version_1_passes if {
	count(version.deny) == 0 with input as change.small
}

test_another_version_is_denied if {
	count(version.deny) == 1 with input as object.union(change.small, {"version": 2})
}

test_no_version_is_denied if {
	count(version.deny) == 1 with input as {}
}
