//! What the simulated project holds, written so that any text of it can be read back: which hunks are in it, what the
//! person typed, and whether anything is where it does not belong.

use std::collections::BTreeSet;

/// The files of lines.
pub const PATHS: [&str; 3] = ["f0.txt", "f1.txt", "f2.txt"];
const LINES: usize = 30;

/// One hunk of lines: `remove` lines from line `at` make way for `insert`.
#[derive(Debug)]
pub struct Piece {
    pub change: usize,
    pub ordinal: u32,
    pub path: &'static str,
    at: usize,
    remove: usize,
    insert: &'static [&'static str],
}

const fn piece(
    change: usize,
    ordinal: u32,
    path: &'static str,
    at: usize,
    remove: usize,
    insert: &'static [&'static str],
) -> Piece {
    Piece { change, ordinal, path, at, remove, insert }
}

/// The hunks of lines of both ChangeSets: replacements, an insertion and a deletion; in the middle, at the start, at
/// the end; two ChangeSets in one file.
pub const PIECES: [Piece; 9] = [
    piece(0, 1, "f0.txt", 3, 1, &["A f0 three"]),
    piece(0, 2, "f0.txt", 12, 0, &["A f0 twelve", "A f0 twelve and a half"]),
    piece(0, 3, "f0.txt", 20, 2, &[]),
    piece(0, 4, "f1.txt", 5, 2, &["A f1 five"]),
    piece(0, 5, "f1.txt", 25, 1, &["A f1 twenty-five"]),
    piece(1, 2, "f1.txt", 10, 1, &["B f1 ten"]),
    piece(1, 3, "f1.txt", 15, 0, &["B f1 fifteen"]),
    piece(1, 4, "f2.txt", 0, 1, &["B f2 first"]),
    piece(1, 5, "f2.txt", 29, 1, &["B f2 last"]),
];

/// What the first ChangeSet creates and the second deletes.
pub const CREATED: (&str, u32, &str) = ("n.txt", 6, "created\n");
pub const DELETED: (&str, u32, &str) = ("d.txt", 1, "deleted\n");

/// The hunks that a text holds, as indices into [`PIECES`].
pub type Held = BTreeSet<usize>;

fn base(path: &str) -> Vec<String> {
    (0..LINES).map(|line| format!("{path} line {line:02}")).collect()
}

fn lines_of(path: &str, held: &Held) -> Vec<String> {
    let mut lines = base(path);
    let mut here: Vec<&Piece> = PIECES
        .iter()
        .enumerate()
        .filter(|(i, p)| held.contains(i) && p.path == path)
        .map(|(_, p)| p)
        .collect();
    here.sort_by_key(|piece| std::cmp::Reverse(piece.at));
    for piece in here {
        let insert = piece.insert.iter().map(|line| (*line).to_owned());
        lines.splice(piece.at..piece.at + piece.remove, insert);
    }
    lines
}

/// The text of a file with these hunks in it.
pub fn text_of(path: &str, held: &Held) -> String {
    lines_of(path, held).iter().map(|line| format!("{line}\n")).collect()
}

/// The text without what the person did: their own lines begin with `P`, and what they added to another's line
/// begins with ` ~`.
fn stripped(text: &str) -> Vec<&str> {
    let own = |line: &&str| !line.starts_with('P');
    text.lines().filter(own).map(|line| line.split(" ~").next().unwrap_or_default()).collect()
}

/// The hunks in a text. What is left when they and what the person did are taken away must be the base: a hunk
/// that is there twice, elsewhere or by half, or a line that is lost, is an error.
pub fn reading(path: &str, text: &str) -> Result<Held, String> {
    let found = stripped(text);
    let base = base(path);
    let is_in = |piece: &Piece| match piece.insert.first() {
        Some(first) => found.contains(first),
        None => !found.contains(&base[piece.at].as_str()),
    };
    let held: Held = PIECES
        .iter()
        .enumerate()
        .filter(|(_, piece)| piece.path == path && is_in(piece))
        .map(|(index, _)| index)
        .collect();
    let expected = lines_of(path, &held);
    if found != expected {
        let first = found
            .iter()
            .zip(&expected)
            .position(|(a, b)| a != b)
            .unwrap_or(found.len().min(expected.len()));
        return Err(format!(
            "{path} holds {held:?}, but line {first} of it is {:?} and not {:?}:\n{text}",
            found.get(first),
            expected.get(first)
        ));
    }
    Ok(held)
}

/// Whether the person changed a line of a hunk that is in the text, or one right next to it.
pub fn is_touched(index: usize, text: &str) -> bool {
    let piece = &PIECES[index];
    let base = base(piece.path);
    let next = |at: usize| base.get(at).map(String::as_str);
    let before = piece.at.checked_sub(1).and_then(next);
    let around = before.into_iter().chain(piece.insert.iter().copied());
    let around: Vec<&str> = around.chain(next(piece.at + piece.remove)).collect();
    let exact: Vec<&str> = text.lines().collect();
    !exact.windows(around.len()).any(|lines| lines == around)
}

/// What the person typed into a text: their lines and what they added to others' lines.
pub fn typed(text: &str) -> BTreeSet<String> {
    let of_line = |line: &str| -> Vec<String> {
        let own =
            line.starts_with('P').then(|| line.split(" ~").next().unwrap_or_default().to_owned());
        own.into_iter().chain(line.split(" ~").skip(1).map(|mark| format!("~{mark}"))).collect()
    };
    text.lines().flat_map(of_line).collect()
}

#[test]
fn a_text_is_read_back_and_what_is_wrong_in_it_is_told() {
    let held = Held::from([0, 2]);
    let text = text_of("f0.txt", &held);
    assert_eq!(reading("f0.txt", &text), Ok(held.clone()));
    let lived = text.replace("f0.txt line 05\n", "P1\nf0.txt line 05 ~2 ~3\n");
    assert_eq!(reading("f0.txt", &lived), Ok(held));
    assert_eq!(typed(&lived), ["P1", "~2", "~3"].map(str::to_owned).into());
    let twice = text.replace("f0.txt line 05\n", "A f0 three\n");
    assert!(reading("f0.txt", &twice).is_err());
    let lost = text.replace("f0.txt line 05\n", "");
    assert!(reading("f0.txt", &lost).is_err());
}
