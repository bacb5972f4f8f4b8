package countersign.code.unicode_test

import data.countersign.code.unicode
import data.countersign.lib.change_test as change

test_unicode_bidi_is_a_reason if {
	said := unicode.deny with input as change.found("unicode.bidi", "error")
	said == {{
		"message": "found by unicode.bidi",
		"path": "src/parse.rs",
		"line": 11,
		"severity": "error",
	}}
}

test_a_change_without_it_passes if {
	count(unicode.deny) == 0 with input as change.small
}

test_another_finding_is_not_its_business if {
	count(unicode.deny) == 0 with input as change.found("path.ci", "error")
}

test_every_finding_is_named if {
	first := change.found("unicode.bidi", "error").findings[0]
	second := object.union(first, {"first_line": 30})
	both := object.union(change.small, {"findings": [first, second]})
	said := unicode.deny with input as both
	{reason.line | some reason in said} == {11, 30}
}

test_prose_and_invisible_characters_need_a_person if {
	count(unicode.review) == 1 with input as change.found("unicode.bidi", "warning")
	count(unicode.deny) == 0 with input as change.found("unicode.bidi", "warning")
	count(unicode.review) == 1 with input as change.found("unicode.invisible", "warning")
}
