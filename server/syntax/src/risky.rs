//! Places that deserve a second look: `unsafe`, `eval`, started processes, switched-off checks.
//!
//! What is risky, and in which words, is data: `queries/<language>/risk.scm`.

use std::ops::Range;

use crate::parse::{ParseError, Parsed};
use crate::query::{risk_query, search};

/// A place that deserves a second look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risky {
    /// What was found: the capture's name, e.g. `unsafe`, `eval`, `exec`. The list is in `queries/README.md`.
    pub what: &'static str,
    /// Where.
    pub range: Range<usize>,
    /// First line, from 0.
    pub first_line: u32,
}

/// Every risky place of a file, in order, each once per thing found.
///
/// A hint, found by its shape: a name that was imported under another is not seen.
/// # Errors
/// [`ParseError`] when a limit is reached; nothing is known of the file then.
pub fn risky(parsed: &Parsed<'_>) -> Result<Vec<Risky>, ParseError> {
    let query = risk_query(parsed.language())?;
    let mut found = Vec::new();
    search(parsed, query, |hit| {
        for capture in hit.captures() {
            let name = query.capture_names().get(capture.index as usize).copied().unwrap_or("_");
            if name.starts_with('_') {
                continue;
            }
            let first_line = u32::try_from(capture.node.start_position().row).unwrap_or(u32::MAX);
            found.push(Risky { what: name, range: capture.node.byte_range(), first_line });
        }
    })?;
    found.sort_by(|a, b| {
        (a.range.start, a.range.end, a.what).cmp(&(b.range.start, b.range.end, b.what))
    });
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use model::Language;

    use super::*;
    use crate::parse;

    fn check(language: Language, text: &str, expected: Expect) {
        let parsed = parse(language, text.as_bytes()).unwrap();
        let lines: String = risky(&parsed)
            .unwrap()
            .iter()
            .map(|risky| {
                let shown = text[risky.range.clone()].lines().next().unwrap_or_default();
                format!("{}: {} `{shown}`\n", risky.first_line + 1, risky.what)
            })
            .collect();
        expected.assert_eq(&lines);
    }

    #[test]
    fn rust() {
        check(
            Language::Rust,
            r#"
#![allow(dead_code)]
#[allow(clippy::all)]
unsafe fn a() {}
unsafe impl Send for X {}
fn b() {
    let x = unsafe { std::mem::transmute::<u8, i8>(1) };
    std::process::Command::new("sh").arg("unsafe");
    Client::builder().danger_accept_invalid_certs(true).danger_accept_invalid_certs(false);
    // unsafe in talk
}
"#,
            expect![[r#"
                2: suppression `#![allow(dead_code)]`
                3: suppression `#[allow(clippy::all)]`
                4: unsafe `unsafe fn a() {}`
                5: unsafe `unsafe impl Send for X {}`
                7: unsafe `unsafe { std::mem::transmute::<u8, i8>(1) }`
                7: unsafe-cast `std::mem::transmute::<u8, i8>(1)`
                8: exec `std::process::Command::new("sh")`
                9: disable-verification `Client::builder().danger_accept_invalid_certs(true)`
            "#]],
        );
    }

    #[test]
    fn go() {
        check(
            Language::Go,
            r#"package a
func f() {
	p := unsafe.Pointer(&x)
	exec.Command("git", name)
	exec.Command("sh", "-c", text)
	c := &tls.Config{InsecureSkipVerify: true}
	c = &tls.Config{InsecureSkipVerify: false}
	db.Query("select " + name)
	db.QueryRow(fmt.Sprintf("select %s", name))
	db.Query("select ?", name)
	h := template.HTML(text)
	if err != nil {
	}
	go(x) //nolint:errcheck
}
"#,
            expect![[r#"
                3: unsafe `unsafe.Pointer`
                4: exec `exec.Command("git", name)`
                5: exec `exec.Command("sh", "-c", text)`
                5: shell `exec.Command("sh", "-c", text)`
                6: disable-verification `InsecureSkipVerify: true`
                8: built-query `db.Query("select " + name)`
                9: built-query `db.QueryRow(fmt.Sprintf("select %s", name))`
                11: raw-html `template.HTML(text)`
                12: swallowed-error `if err != nil {`
                14: suppression `//nolint:errcheck`
            "#]],
        );
    }

    #[test]
    fn python() {
        check(
            Language::Python,
            r#"
import os, subprocess, pickle, yaml
eval(x); re.compile(x); os.system("ls")
subprocess.run(cmd, shell=True)
pickle.loads(data)
yaml.load(f); yaml.load(f, Loader=yaml.SafeLoader); yaml.safe_load(f)
requests.get(url, verify=False)
requests.get(url, verify=True)
cursor.execute(f"select {x}"); cursor.execute("select %s", (x,)); cursor.execute("a" + b)
try:
    f()
except Exception:
    pass
x = 1  # noqa: E501
"#,
            expect![[r#"
                3: eval `eval(x)`
                3: exec `os.system("ls")`
                4: exec `subprocess.run(cmd, shell=True)`
                4: shell `shell=True`
                5: deserialize `pickle.loads(data)`
                6: deserialize `yaml.load(f)`
                7: disable-verification `verify=False`
                9: built-query `cursor.execute(f"select {x}")`
                9: built-query `cursor.execute("a" + b)`
                12: swallowed-error `except Exception:`
                14: suppression `# noqa: E501`
            "#]],
        );
    }

    #[test]
    fn javascript_and_its_kin() {
        let text = r#"
eval(x); new Function("a"); setTimeout("x()", 1); setTimeout(() => {}, 1); regex.exec(x)
const { exec } = require("child_process"); exec("ls"); child_process.spawn("x", { shell: true });
el.innerHTML = x;
https.request({ rejectUnauthorized: false });
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
db.query(`select ${x}`); db.query("select $1", [x]);
try { f() } catch (e) {}
try { f() } catch (e) { log(e) }
// eslint-disable-next-line
"#;
        let expected = expect![[r#"
            2: eval `eval(x)`
            2: eval `new Function("a")`
            2: eval `setTimeout("x()", 1)`
            3: exec `exec("ls")`
            3: exec `child_process.spawn("x", { shell: true })`
            3: shell `shell: true`
            4: raw-html `el.innerHTML = x`
            5: disable-verification `rejectUnauthorized: false`
            6: disable-verification `process.env.NODE_TLS_REJECT_UNAUTHORIZED`
            7: built-query `db.query(`select ${x}`)`
            8: swallowed-error `catch (e) {}`
            10: suppression `// eslint-disable-next-line`
        "#]];
        check(Language::JavaScript, text, expected);
        let found = |language| risky(&parse(language, text.as_bytes()).unwrap()).unwrap();
        assert_eq!(found(Language::TypeScript), found(Language::JavaScript));
        assert_eq!(found(Language::Tsx), found(Language::JavaScript));
    }

    #[test]
    fn markup_and_types() {
        check(
            Language::Tsx,
            "const a = <div dangerouslySetInnerHTML={{ __html: x }} />;\nconst b = c as any;\n",
            expect![[r#"
                1: raw-html `dangerouslySetInnerHTML={{ __html: x }}`
                2: type-escape `c as any`
            "#]],
        );
        check(
            Language::JavaScript,
            "const a = <div dangerouslySetInnerHTML={{ __html: x }} />;\n",
            expect![[r#"
                1: raw-html `dangerouslySetInnerHTML={{ __html: x }}`
            "#]],
        );
    }
}
