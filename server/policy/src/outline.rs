//! What a module declares, read with the engine's own lexer, and what the engine could not survive.
//!
//! The engine evaluates calls by recursion and aborts the process at the end of the stack (measured with
//! regorus 0.14.1: `f(x) := f(x + 1)`), so functions that call themselves or form long chains are refused
//! before they are run. The reading errs on the side of refusing: functions are told apart by their last
//! name only.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Lexer, Source, TokenKind};

use crate::error::{Place, PolicyError};
use crate::limits::DEPTH_MAX;

/// What a module declares.
#[derive(Debug, Clone)]
pub(crate) struct Outline {
    /// The package, with dots.
    pub(crate) package: String,
    /// Where the package is declared.
    pub(crate) place: Place,
    /// Its rules and functions, in order; a name may be declared more than once.
    pub(crate) heads: Vec<Head>,
    /// What is imported: the name it goes by here, and its path.
    imports: Vec<(String, Vec<String>)>,
}

/// One declaration.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// The first name.
    pub(crate) name: String,
    /// Where it starts.
    pub(crate) place: Place,
    /// Whether it is `name contains ...`.
    pub(crate) contains: bool,
    /// Whether it takes arguments.
    function: bool,
    /// The last names of everything that is called in it.
    calls: BTreeSet<String>,
    /// The paths of everything that is named in it, local variables included.
    mentions: BTreeSet<Vec<String>>,
}

struct Token {
    ident: bool,
    text: String,
    line: u32,
    column: u32,
}

/// After these a declaration goes on, on the next line too.
const OPEN: &[&str] = &[
    ":=", "=", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "&", "|", ",", ".", ":",
    "if", "contains", "in", "with", "as", "not", "some", "every", "package", "import", "default",
    "else",
];

/// With these a line goes on with the declaration before it.
const JOINING: &[&str] = &["if", "contains", "in", "with", "as", "else", "and", "or"];

/// Reads what `text` declares.
pub(crate) fn outline(file: &str, text: &str) -> Result<Outline, PolicyError> {
    let tokens = tokens(file, text)?;
    let mut outline = Outline {
        package: String::new(),
        place: Place { file: file.to_owned(), line: 1, column: 1 },
        heads: Vec::new(),
        imports: Vec::new(),
    };
    let starts = starts(&tokens);
    let ends = starts.iter().skip(1).copied().chain([tokens.len()]);
    for (start, end) in starts.iter().copied().zip(ends) {
        let statement = tokens.get(start..end).unwrap_or_default();
        let Some(first) = statement.first() else { continue };
        let place = Place { file: file.to_owned(), line: first.line, column: first.column };
        match first.text.as_str() {
            "package" => {
                outline.package = path(statement.get(1..).unwrap_or_default()).join(".");
                outline.place = place;
            }
            "import" => {
                let path = path(statement.get(1..).unwrap_or_default());
                let alias = statement.iter().skip_while(|token| token.text != "as").nth(1);
                if let Some(last) = path.last() {
                    let alias = alias.map_or(last, |token| &token.text).clone();
                    outline.imports.push((alias, path));
                }
            }
            _ => {
                refuse(file, statement)?;
                outline.heads.push(head(place, statement));
            }
        }
    }
    Ok(outline)
}

fn tokens(file: &str, text: &str) -> Result<Vec<Token>, PolicyError> {
    let fail = |error: &dyn ToString| PolicyError::from_engine(&error.to_string());
    let source = Source::from_contents(file.to_owned(), text.to_owned()).map_err(|e| fail(&e))?;
    let mut lexer = Lexer::new(&source);
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next_token().map_err(|e| fail(&e))?;
        if token.0 == TokenKind::Eof {
            return Ok(tokens);
        }
        tokens.push(Token {
            ident: token.0 == TokenKind::Ident,
            text: token.1.text().to_owned(),
            line: token.1.line,
            column: token.1.col,
        });
    }
}

/// The indices where declarations start: at a line's first token, outside of brackets, not after a token
/// that goes on.
fn starts(tokens: &[Token]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut depth = 0_usize;
    let mut previous: Option<&Token> = None;
    for (index, token) in tokens.iter().enumerate() {
        let first =
            previous.is_none_or(|p| p.line < token.line && !OPEN.contains(&p.text.as_str()));
        if first && depth == 0 && token.ident && !JOINING.contains(&token.text.as_str()) {
            starts.push(index);
        }
        if !token.ident {
            match token.text.as_str() {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        previous = Some(token);
    }
    starts
}

/// The names of a dotted or bracketed path at the start of `tokens`.
fn path(tokens: &[Token]) -> Vec<String> {
    let mut names = Vec::new();
    let mut line = tokens.first().map(|token| token.line);
    for token in tokens {
        if Some(token.line) != line || token.text == "as" {
            break;
        }
        line = Some(token.line);
        if !matches!(token.text.as_str(), "." | "[" | "]") {
            names.push(token.text.trim_matches(['"', '`']).to_owned());
        }
    }
    names
}

fn head(place: Place, statement: &[Token]) -> Head {
    let name_at = usize::from(statement.first().is_some_and(|token| token.text == "default"));
    let text = |index: usize| statement.get(index).map_or("", |token| token.text.as_str());
    let name = text(name_at).to_owned();
    let contains = text(name_at + 1) == "contains";
    let mut end = name_at + 1;
    while text(end) == "." {
        end += 2;
    }
    let function = text(end) == "(";
    let mut calls = BTreeSet::new();
    for (before, after) in statement.iter().zip(statement.iter().skip(1)).skip(end) {
        if after.text == "(" && before.ident {
            calls.insert(before.text.clone());
        }
    }
    let mentions = mentions(statement.get(name_at + 1..).unwrap_or_default());
    Head { name, place, contains, function, calls, mentions }
}

/// Every dotted path in `tokens`, with constant brackets read as dots.
fn mentions(tokens: &[Token]) -> BTreeSet<Vec<String>> {
    let mut paths = BTreeSet::new();
    let mut path: Vec<String> = Vec::new();
    let mut joined = false;
    for token in tokens {
        match token.text.as_str() {
            "." | "[" if !path.is_empty() => joined = true,
            "]" if joined => {}
            text if joined && (token.ident || text.starts_with(['"', '`'])) => {
                path.push(text.trim_matches(['"', '`']).to_owned());
                joined = false;
            }
            text => {
                paths.insert(std::mem::take(&mut path));
                joined = false;
                if token.ident {
                    path.push(text.to_owned());
                }
            }
        }
    }
    paths.insert(path);
    paths.remove(&Vec::new());
    paths
}

/// Refuses what could hide a call from [`depths`].
fn refuse(file: &str, statement: &[Token]) -> Result<(), PolicyError> {
    let pairs = statement.iter().zip(statement.iter().skip(1));
    let befores = [None].into_iter().chain(statement.iter().map(Some));
    for ((token, next), before) in pairs.zip(befores) {
        let field = before.is_some_and(|before| before.text == ".");
        let message = if token.text == "with" && !field && next.text != "input" {
            "`with` may replace `input` only"
        } else if token.text == "]" && next.text == "(" {
            "a function is called by its dotted name, not through brackets"
        } else {
            continue;
        };
        let place = Place { file: file.to_owned(), line: token.line, column: token.column };
        return Err(PolicyError::Refused { place, message: message.to_owned() });
    }
    Ok(())
}

/// Refuses functions that call themselves, through others too, and chains of more than [`DEPTH_MAX`].
pub(crate) fn check_calls<'o>(
    outlines: impl Iterator<Item = &'o Outline> + Clone,
) -> Result<(), PolicyError> {
    let mut calls: BTreeMap<&str, (&Place, BTreeSet<&str>)> = BTreeMap::new();
    for outline in outlines.clone() {
        for head in outline.heads.iter().filter(|head| head.function) {
            let (_, known) =
                calls.entry(&head.name).or_insert_with(|| (&head.place, BTreeSet::new()));
            for call in &head.calls {
                known.insert(call);
                let aliased = outline.imports.iter().filter(|(alias, _)| alias == call);
                known.extend(aliased.filter_map(|(_, path)| path.last()).map(String::as_str));
            }
        }
    }
    let edges = calls.iter().map(|(name, (_, callees))| (*name, callees.clone())).collect();
    let (_, left) = peel(&edges, DEPTH_MAX);
    let Some((name, (place, _))) = calls.iter().find(|(name, _)| left.contains(*name)) else {
        return Ok(());
    };
    Err(PolicyError::Refused {
        place: (*place).clone(),
        message: format!(
            "the function `{name}` calls itself, or more than {DEPTH_MAX} functions call one another in a row"
        ),
    })
}

/// Refuses rules that need more than [`DEPTH_MAX`] others in a row.
///
/// A cycle of rules is found by the engine itself, once it has gone round; so a cycle counts as long as it
/// is. Variables that happen to be named like a rule count as the rule.
pub(crate) fn check_depth<'o>(
    outlines: impl Iterator<Item = &'o Outline>,
) -> Result<(), PolicyError> {
    let outlines: Vec<_> = outlines.collect();
    let mut places = BTreeMap::new();
    for outline in &outlines {
        for head in &outline.heads {
            places.entry(format!("{}.{}", outline.package, head.name)).or_insert(&head.place);
        }
    }
    let names: BTreeSet<&str> = places.keys().map(String::as_str).collect();
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for outline in &outlines {
        for head in &outline.heads {
            let own = format!("{}.{}", outline.package, head.name);
            let Some(own) = names.get(own.as_str()).copied() else { continue };
            let needs = edges.entry(own).or_default();
            for path in &head.mentions {
                needs.extend(meant(outline, path, &names));
            }
            needs.remove(own);
        }
    }
    let (layers, left) = peel(&edges, DEPTH_MAX);
    if layers + left.len() <= DEPTH_MAX {
        return Ok(());
    }
    let deepest = left.first().and_then(|name| places.get(*name).map(|place| (name, place)));
    let Some((name, place)) = deepest else { return Ok(()) };
    Err(PolicyError::Refused {
        place: (*place).clone(),
        message: format!("`{name}` needs more than {DEPTH_MAX} other rules in a row"),
    })
}

/// The rules that `path` can mean in a module.
fn meant<'n>(outline: &Outline, path: &[String], names: &BTreeSet<&'n str>) -> Vec<&'n str> {
    let Some((first, rest)) = path.split_first() else { return Vec::new() };
    let imported = outline.imports.iter().find(|(alias, _)| alias == first);
    let full = match imported {
        Some((_, import)) => [import.get(1..).unwrap_or_default(), rest].concat().join("."),
        None if first == "data" => rest.join("."),
        None => format!("{}.{first}", outline.package),
    };
    // Either the path ends above some rules, or it goes on into the value of one.
    let below = |long: &str, short: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    names.iter().filter(|name| below(name, &full) || below(&full, name)).copied().collect()
}

/// Takes off what needs nothing that is left, a layer a round, at most `rounds` times; returns how many
/// layers there were and what is left: cycles, what needs them, and what lies deeper.
fn peel<'n>(
    edges: &BTreeMap<&'n str, BTreeSet<&'n str>>,
    rounds: usize,
) -> (usize, BTreeSet<&'n str>) {
    let mut left: BTreeSet<&str> = edges.keys().copied().collect();
    for round in 0..rounds {
        let free = |name: &&str| edges.get(*name).is_some_and(|needs| needs.is_disjoint(&left));
        let layer: Vec<&str> = left.iter().copied().filter(free).collect();
        if layer.is_empty() {
            return (round, left);
        }
        left.retain(|name| !layer.contains(name));
    }
    (rounds, left)
}
