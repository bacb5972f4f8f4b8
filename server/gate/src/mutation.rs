//! Small deliberate mistakes in the changed lines: what tests should notice.
//!
//! Where one can be made is said by `queries/<language>/mutation.scm`; here is decided what it is, and which
//! are tried within a budget. The same change gives the same mistakes in the same order. Code for tests is
//! left alone, and every mistake still parses. Start at [`mutants`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use model::{Language, LineSpan, MutationOperator, RelPath, Survivor};
use syntax::{ParseError, Site, SiteKind, outline, parse, sites};

/// So many mistakes are looked at for one hunk, at most.
const CANDIDATES_PER_HUNK_MAX: usize = 2_000;

/// A survivor shows so many bytes of what stood there.
const SHOWN_BYTES: usize = 80;

/// A changed file whose lines are to be mistaken.
#[derive(Debug, Clone, Copy)]
pub struct MutationFile<'a> {
    /// Its path.
    pub path: &'a RelPath,
    /// Its language.
    pub language: Language,
    /// Its text after the change.
    pub text: &'a [u8],
    /// Its hunks: the added lines in `text`.
    pub hunks: &'a [LineSpan],
}

/// One deliberate mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// The file.
    pub path: RelPath,
    /// The bytes that are replaced.
    pub range: Range<usize>,
    /// What stands there instead.
    pub replacement: String,
    /// What kind of mistake.
    pub operator: MutationOperator,
    /// The line, from 0.
    pub line: u32,
}

/// The mistakes to try.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mutants {
    /// Those that the budget allows, ordered by place.
    pub chosen: Vec<Mutant>,
    /// How many were possible. Counted before it is known which of those that are not chosen would parse.
    pub possible: u32,
    /// Files that could not be read, and why.
    pub unread: Vec<(RelPath, ParseError)>,
}

impl Mutant {
    /// `text` with the mistake in it.
    pub fn applied(&self, text: &[u8]) -> Vec<u8> {
        let mut out = text.get(..self.range.start).unwrap_or_default().to_vec();
        out.extend_from_slice(self.replacement.as_bytes());
        out.extend_from_slice(text.get(self.range.end..).unwrap_or_default());
        out
    }

    /// The record of one that no test noticed; `text` is the file without it.
    pub fn survivor(&self, text: &[u8]) -> Survivor {
        let original = String::from_utf8_lossy(text.get(self.range.clone()).unwrap_or_default());
        let shown = |text: &str| {
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            line.get(..line.floor_char_boundary(SHOWN_BYTES)).unwrap_or_default().to_owned()
        };
        Survivor {
            path: self.path.clone(),
            line: self.line,
            operator: self.operator,
            original: shown(&original),
            replacement: shown(&self.replacement),
        }
    }
}

/// Chooses at most `budget` mistakes in the hunks of `files`.
///
/// Hunks take turns, and within a hunk its lines do, so that a small budget looks everywhere once before it
/// looks anywhere twice. On one line, mistakes that tests miss most often come first.
/// # Cost
/// Each file is parsed once, and once more for each mistake that is looked at.
pub fn mutants(files: &[MutationFile<'_>], budget: usize) -> Mutants {
    let mut found = Mutants::default();
    let mut ordered: Vec<&MutationFile<'_>> = files.iter().collect();
    ordered.sort_by_key(|file| file.path);
    let mut queues: Vec<(usize, &MutationFile<'_>, std::vec::IntoIter<Mutant>)> = Vec::new();
    for file in ordered {
        let read = candidates(file);
        let (errors, hunks) = match read {
            Ok(read) => read,
            Err(error) => {
                found.unread.push((file.path.clone(), error));
                continue;
            }
        };
        for hunk in hunks {
            let count = u32::try_from(hunk.len()).unwrap_or(u32::MAX);
            found.possible = found.possible.saturating_add(count);
            queues.push((errors, file, hunk.into_iter()));
        }
    }
    while found.chosen.len() < budget && !queues.is_empty() {
        queues.retain_mut(|(errors, file, queue)| {
            if found.chosen.len() >= budget {
                return true;
            }
            let parses = |mutant: &Mutant| parses(file, mutant, *errors);
            let mut refused = 0;
            let next = queue.find(|mutant| {
                let good = parses(mutant);
                refused += u32::from(!good);
                good
            });
            found.possible = found.possible.saturating_sub(refused);
            let more = next.is_some();
            found.chosen.extend(next);
            more
        });
    }
    let place = |m: &Mutant| (m.path.clone(), m.range.start, m.range.end, m.replacement.clone());
    found.chosen.sort_by_key(place);
    found
}

fn parses(file: &MutationFile<'_>, mutant: &Mutant, errors: usize) -> bool {
    let text = mutant.applied(file.text);
    parse(file.language, &text).is_ok_and(|parsed| parsed.errors().len() <= errors)
}

/// For each hunk its mistakes in the order in which they are tried, and how many places of the file do not
/// parse as it is.
fn candidates(file: &MutationFile<'_>) -> Result<(usize, Vec<Vec<Mutant>>), ParseError> {
    let parsed = parse(file.language, file.text)?;
    let tests: Vec<Range<usize>> =
        outline(&parsed)?.into_iter().filter(|e| e.in_test).map(|e| e.range).collect();
    let sites = sites(&parsed)?;
    let is_production = |site: &&Site| {
        !tests.iter().any(|t| t.start <= site.range.start && site.range.end <= t.end)
    };
    let sites: Vec<&Site> = sites.iter().filter(is_production).collect();
    let mut hunks = Vec::new();
    for hunk in file.hunks {
        let inside = |site: &&&Site| {
            hunk.first_line <= site.first_line && site.first_line - hunk.first_line < hunk.lines
        };
        let mut seen = BTreeSet::new();
        let mut lines: BTreeMap<u32, Vec<Mutant>> = BTreeMap::new();
        for site in sites.iter().filter(inside) {
            for (operator, replacement) in mistakes(site, file) {
                let new = seen.insert((site.range.start, site.range.end, replacement.clone()));
                if new && seen.len() <= CANDIDATES_PER_HUNK_MAX {
                    lines.entry(site.first_line).or_default().push(Mutant {
                        path: file.path.clone(),
                        range: site.range.clone(),
                        replacement,
                        operator,
                        line: site.first_line,
                    });
                }
            }
        }
        hunks.push(in_turn(lines));
    }
    Ok((parsed.errors().len(), hunks))
}

/// One of each line, then the next of each line; on a line the most telling first.
fn in_turn(lines: BTreeMap<u32, Vec<Mutant>>) -> Vec<Mutant> {
    let mut ranked: Vec<(usize, u32, Mutant)> = Vec::new();
    for (line, mut mutants) in lines {
        // The sort is stable: of one operator the first place comes first.
        mutants.sort_by_key(|mutant| telling(mutant.operator));
        // Operators take turns, too: two boundaries of one comparison say less than two operators.
        let mut turns: BTreeMap<MutationOperator, usize> = BTreeMap::new();
        let mut turned: Vec<(usize, Mutant)> = mutants
            .into_iter()
            .map(|mutant| {
                let turn = turns.entry(mutant.operator).or_default();
                *turn += 1;
                (*turn, mutant)
            })
            .collect();
        turned.sort_by_key(|(turn, mutant)| (*turn, telling(mutant.operator)));
        ranked.extend(turned.into_iter().enumerate().map(|(at, (_, mutant))| (at, line, mutant)));
    }
    ranked.sort_by_key(|(rank, line, _)| (*rank, *line));
    ranked.into_iter().map(|(.., mutant)| mutant).collect()
}

fn telling(operator: MutationOperator) -> u8 {
    match operator {
        MutationOperator::Relational => 0,
        MutationOperator::Condition => 1,
        MutationOperator::Boolean => 2,
        MutationOperator::Arithmetic => 3,
        MutationOperator::Return => 4,
        MutationOperator::Statement => 5,
        MutationOperator::Literal => 6,
        MutationOperator::Text => 7,
    }
}

/// The mistakes that can be made at a site.
fn mistakes(site: &Site, file: &MutationFile<'_>) -> Vec<(MutationOperator, String)> {
    let Some(text) = file.text.get(site.range.clone()).and_then(|t| std::str::from_utf8(t).ok())
    else {
        return Vec::new();
    };
    let python = file.language == Language::Python;
    let truth = |value: bool| match (python, value) {
        (true, true) => "True",
        (true, false) => "False",
        (false, true) => "true",
        (false, false) => "false",
    };
    let fixed = |operator, words: &[&str]| -> Vec<(MutationOperator, String)> {
        let other = words.iter().filter(|word| **word != text);
        other.map(|word| (operator, (*word).to_owned())).collect()
    };
    match site.kind {
        SiteKind::Relational => fixed(MutationOperator::Relational, relational(text)),
        SiteKind::Boolean => fixed(MutationOperator::Boolean, boolean(text)),
        SiteKind::Negation => {
            negated(text).map(|t| (MutationOperator::Boolean, t)).into_iter().collect()
        }
        SiteKind::Truth => {
            fixed(MutationOperator::Boolean, &[truth(!text.eq_ignore_ascii_case("true"))])
        }
        SiteKind::Arithmetic => fixed(MutationOperator::Arithmetic, arithmetic(text)),
        SiteKind::Return if is_plain(text) => Vec::new(),
        SiteKind::Return => fixed(MutationOperator::Return, &[nothing(file.language)]),
        SiteKind::Statement => {
            fixed(MutationOperator::Statement, &[if python { "pass" } else { "" }])
        }
        SiteKind::Condition => fixed(MutationOperator::Condition, &[truth(true), truth(false)]),
        // Always true it would not end, which says little and takes long.
        SiteKind::LoopCondition => fixed(MutationOperator::Condition, &[truth(false)]),
        SiteKind::Number => {
            off_by_one(text).map(|t| (MutationOperator::Literal, t)).into_iter().collect()
        }
        SiteKind::Text => {
            other_text(text).map(|t| (MutationOperator::Text, t)).into_iter().collect()
        }
        SiteKind::Case => Vec::new(),
    }
}

fn relational(operator: &str) -> &'static [&'static str] {
    match operator {
        "<" => &["<=", ">="],
        "<=" => &["<", ">"],
        ">" => &[">=", "<="],
        ">=" => &[">", "<"],
        "==" => &["!="],
        "!=" => &["=="],
        "===" => &["!=="],
        "!==" => &["==="],
        "in" => &["not in"],
        "not in" => &["in"],
        "is" => &["is not"],
        "is not" => &["is"],
        _ => &[],
    }
}

fn boolean(operator: &str) -> &'static [&'static str] {
    match operator {
        "&&" => &["||"],
        "||" | "??" => &["&&"],
        "and" => &["or"],
        "or" => &["and"],
        _ => &[],
    }
}

fn arithmetic(operator: &str) -> &'static [&'static str] {
    match operator {
        "+" => &["-"],
        "-" => &["+"],
        "*" => &["/"],
        "/" | "//" | "%" => &["*"],
        "+=" => &["-="],
        "-=" => &["+="],
        "*=" => &["/="],
        "/=" => &["*="],
        "++" => &["--"],
        "--" => &["++"],
        _ => &[],
    }
}

/// What a negation denies.
fn negated(text: &str) -> Option<String> {
    let operand = text.strip_prefix('!').or_else(|| text.strip_prefix("not"))?;
    Some(operand.trim_start().to_owned())
}

/// A value of no meaning.
fn nothing(language: Language) -> &'static str {
    match language {
        Language::Rust => "Default::default()",
        Language::Python => "None",
        Language::JavaScript => "undefined",
        // The compiler takes it for a value of any type.
        Language::TypeScript | Language::Tsx => "undefined as never",
        Language::Go => "nil",
    }
}

/// What is returned is nothing already, or a literal that another mistake changes.
fn is_plain(text: &str) -> bool {
    let known =
        ["None", "undefined", "null", "nil", "()", "true", "false", "True", "False", "Ok(())"];
    known.contains(&text)
        || text.starts_with("Default::")
        || text.bytes().all(|b| b.is_ascii_digit())
}

/// A decimal number, one more; a suffix stays.
fn off_by_one(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    // `0x1f` and `1.5` are numbers of another form, `1e3` too.
    if !suffix.is_empty() && !matches!(suffix.as_bytes().first(), Some(b'u' | b'i' | b'n')) {
        return None;
    }
    let number: u64 = digits.replace('_', "").parse().ok()?;
    Some(format!("{}{suffix}", number.checked_add(1)?))
}

/// A text without its content, or with some where it has none; quotes and prefixes stay.
fn other_text(text: &str) -> Option<String> {
    let start = text.find(['"', '\'', '`'])?;
    let quote = text.get(start..start + 1)?;
    let hashes = text.get(..start)?.matches('#').count();
    let triple = quote.repeat(3);
    let is_triple = text.get(start..)?.starts_with(&triple) && text.len() >= start + 6;
    let width = if is_triple { 3 } else { 1 };
    let (head, tail) = (start + width, text.len().checked_sub(width + hashes)?);
    let content = text.get(head..tail)?;
    let other = if content.is_empty() { "mutant" } else { "" };
    Some(format!("{}{other}{}", text.get(..head)?, text.get(tail..)?))
}

#[cfg(test)]
mod tests;
