//! Pictures for the documentation: what a terminal shows, as SVG, with its text as text. A picture is made by the test
//! that watches over it: `UPDATE_PICTURES=1` writes it, and without that it must be what the editor shows, colours included.

use std::cell::RefCell;
use std::env;
use std::fmt::Write as _;
use std::fs;

use super::in_checkout;
use super::tmux::Terminal;

/// One cell of the terminal, in pixels.
const CELL: (usize, usize) = (9, 19);
const MARGIN: usize = 12;
const TEXT: &str = "#e0e2ea";
const GROUND: &str = "#14161b";
/// The first sixteen colours, as xterm has them.
const NAMED: [&str; 16] = [
    "#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5",
    "#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff",
];

/// Holds the picture `name` of an editor to what `terminal` shows once it is `ready`, or makes it anew.
#[track_caller]
pub fn shows(
    terminal: &Terminal<'_>,
    editor: &str,
    name: &str,
    title: &str,
    ready: impl Fn(&str) -> bool,
) {
    let file = in_checkout("editors").join(editor).join("pictures").join(format!("{name}.svg"));
    terminal.wait(&format!("what {name}.svg is to show"), ready);
    if env::var_os("UPDATE_PICTURES").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let last = RefCell::new(String::new());
        terminal.wait("a screen that stays", |_| {
            let now = terminal.styled();
            last.replace(now.clone()) == now
        });
        fs::write(&file, drawn(&last.into_inner(), title)).unwrap();
        return;
    }
    let wanted = fs::read_to_string(&file).unwrap_or_default();
    let (file, rows) = (file.display(), text(&wanted));
    let what =
        format!("{file} with its colours, which UPDATE_PICTURES=1 makes, and this text:\n{rows}");
    terminal.wait(&what, |_| drawn(&terminal.styled(), title) == wanted);
}

/// Whether the pictures of an editor are those that its README shows, each smaller than `bytes_max`.
#[track_caller]
pub fn are_linked(editor: &str, bytes_max: u64) {
    let folder = in_checkout("editors").join(editor);
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let linked = readme.split("](pictures/").skip(1).map(|rest| rest.split(')').next().unwrap());
    let mut linked: Vec<&str> = linked.collect();
    linked.sort_unstable();
    let there = fs::read_dir(folder.join("pictures")).unwrap().map(|entry| entry.unwrap());
    let mut there: Vec<_> =
        there.map(|entry| (entry.file_name(), entry.metadata().unwrap())).collect();
    // Beside a picture of pixels is a text of what it shows.
    there.retain(|(name, _)| !name.to_string_lossy().ends_with(".txt"));
    there.sort_by(|a, b| a.0.cmp(&b.0));
    let names: Vec<_> = there.iter().map(|(name, _)| name.to_str().unwrap()).collect();
    assert_eq!(names, linked, "the pictures, and those that the README shows");
    assert!(!names.is_empty());
    for (name, metadata) in &there {
        assert!(metadata.len() < bytes_max, "{name:?} has {} bytes", metadata.len());
    }
}

/// How a cell looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Look {
    text: Option<String>,
    ground: Option<String>,
    bold: bool,
    italic: bool,
    underlined: bool,
    reversed: bool,
}

impl Look {
    /// Follows the parameters of one `ESC [ … m`.
    fn follow(&mut self, parameters: &str) {
        let mut numbers = parameters.split(';').map(|one| one.split(':').next().unwrap_or(""));
        while let Some(number) = numbers.next() {
            let number: usize = number.parse().unwrap_or(0);
            match number {
                0 => *self = Self::default(),
                1 => self.bold = true,
                3 => self.italic = true,
                4 => self.underlined = true,
                7 => self.reversed = true,
                22 => self.bold = false,
                23 => self.italic = false,
                24 => self.underlined = false,
                27 => self.reversed = false,
                30..=37 => self.text = Some(NAMED[number - 30].to_owned()),
                90..=97 => self.text = Some(NAMED[number - 82].to_owned()),
                40..=47 => self.ground = Some(NAMED[number - 40].to_owned()),
                100..=107 => self.ground = Some(NAMED[number - 92].to_owned()),
                38 => self.text = colour(&mut numbers),
                48 => self.ground = colour(&mut numbers),
                58 => drop(colour(&mut numbers)),
                39 => self.text = None,
                49 => self.ground = None,
                _ => {}
            }
        }
    }

    /// The colours of text and ground as they are seen.
    fn seen(&self) -> (&str, &str) {
        let text = self.text.as_deref().unwrap_or(TEXT);
        let ground = self.ground.as_deref().unwrap_or(GROUND);
        if self.reversed { (ground, text) } else { (text, ground) }
    }
}

/// Reads `2;R;G;B` or `5;N`.
fn colour<'a>(numbers: &mut impl Iterator<Item = &'a str>) -> Option<String> {
    let mut next = || numbers.next().and_then(|number| number.parse::<usize>().ok());
    match next()? {
        2 => Some(format!("#{:02x}{:02x}{:02x}", next()?, next()?, next()?)),
        5 => match next()? {
            named @ 0..=15 => Some(NAMED[named].to_owned()),
            grey @ 232..=255 => {
                let level = 8 + (grey - 232) * 10;
                Some(format!("#{level:02x}{level:02x}{level:02x}"))
            }
            cube => {
                let level = |step: usize| if step == 0 { 0 } else { 55 + step * 40 };
                let (red, green, blue) = ((cube - 16) / 36, (cube - 16) / 6 % 6, (cube - 16) % 6);
                Some(format!("#{:02x}{:02x}{:02x}", level(red), level(green), level(blue)))
            }
        },
        _ => None,
    }
}

/// A row as runs of cells that look the same. A look goes on into the next row.
fn runs(row: &str, look: &mut Look) -> Vec<(Look, String)> {
    let mut runs: Vec<(Look, String)> = Vec::new();
    let mut rest = row;
    while let Some(at) = rest.chars().next() {
        if let Some(sequence) = rest.strip_prefix("\x1b[") {
            let end = sequence.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(sequence.len());
            if sequence[end..].starts_with('m') {
                look.follow(&sequence[..end]);
            }
            rest = sequence.get(end + 1..).unwrap_or("");
            continue;
        }
        if let Some(sequence) = rest.strip_prefix("\x1b]") {
            let end = sequence.find("\x1b\\").map_or(sequence.len(), |end| end + 2);
            rest = &sequence[end..];
            continue;
        }
        rest = &rest[at.len_utf8()..];
        match runs.last_mut() {
            _ if at.is_control() => {}
            Some((same, run)) if same == look => run.push(at),
            _ => runs.push((look.clone(), at.to_string())),
        }
    }
    runs
}

/// What a terminal showed, with its colours, as SVG.
fn drawn(styled: &str, title: &str) -> String {
    let mut look = Look::default();
    let rows: Vec<_> = styled.lines().map(|row| runs(row, &mut look)).collect();
    let cells = |run: &str| run.chars().count();
    let columns = rows.iter().map(|row| row.iter().map(|(_, run)| cells(run)).sum::<usize>());
    let (width, height) = (columns.max().unwrap_or(0) * CELL.0, rows.len() * CELL.1);
    let (outer_width, outer_height) = (width + 2 * MARGIN, height + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{outer_width}\" height=\"{outer_height}\" \
         viewBox=\"0 0 {outer_width} {outer_height}\" role=\"img\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" \
         font-size=\"15\">\n<title>{}</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{GROUND}\"/>\n",
        escaped(title)
    );
    for (number, row) in rows.iter().enumerate() {
        let top = MARGIN + number * CELL.1;
        let mut column = 0;
        for same in row.chunk_by(|(left, _), (right, _)| left.seen().1 == right.seen().1) {
            let ground = same[0].0.seen().1;
            let wide: usize = same.iter().map(|(_, run)| cells(run)).sum();
            if ground != GROUND {
                let (x, wide) = (MARGIN + column * CELL.0, wide * CELL.0);
                let high = CELL.1;
                writeln!(svg, "<rect x=\"{x}\" y=\"{top}\" width=\"{wide}\" height=\"{high}\" fill=\"{ground}\"/>").unwrap();
            }
            column += wide;
        }
    }
    for (number, row) in rows.iter().enumerate() {
        let base = MARGIN + number * CELL.1 + 14;
        write!(svg, "<text y=\"{base}\">").unwrap();
        let mut column = 0;
        for (look, run) in row {
            let (x, wide) = (MARGIN + column * CELL.0, cells(run) * CELL.0);
            write!(svg, "<tspan x=\"{x}\" textLength=\"{wide}\" fill=\"{}\"", look.seen().0)
                .unwrap();
            for (is, attribute) in [
                (look.bold, " font-weight=\"bold\""),
                (look.italic, " font-style=\"italic\""),
                (look.underlined, " text-decoration=\"underline\""),
            ] {
                svg.push_str(if is { attribute } else { "" });
            }
            // Renderers fold other spaces.
            write!(svg, ">{}</tspan>", escaped(run).replace(' ', "\u{a0}")).unwrap();
            column += cells(run);
        }
        svg.push_str("</text>\n");
    }
    svg + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The text of a picture, row by row.
fn text(svg: &str) -> String {
    let rows = svg.lines().filter(|line| line.starts_with("<text "));
    let row = |line: &str| {
        let pieces = line.split('<').filter_map(|piece| Some(piece.split_once('>')?.1));
        let text = pieces.collect::<String>().replace('\u{a0}', " ");
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    };
    trimmed(&rows.map(row).collect::<Vec<_>>().join("\n"))
}

fn trimmed(screen: &str) -> String {
    let rows = screen.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    rows.trim_end().to_owned()
}

#[test]
fn a_picture_has_the_text_and_the_colours_of_the_terminal() {
    let styled = "\x1b[1;38;2;1;2;3ma<b\x1b[0m  &\n\x1b[48;5;196m x \x1b[7my\x1b[49m\n";
    let svg = drawn(styled, "A <title>");
    assert_eq!(text(&svg), "a<b  &\n x y");
    for part in [
        "<title>A &lt;title&gt;</title>",
        "textLength=\"27\" fill=\"#010203\" font-weight=\"bold\">a&lt;b</tspan>",
        "<rect x=\"12\" y=\"31\" width=\"27\" height=\"19\" fill=\"#ff0000\"/>",
        "fill=\"#ff0000\">y</tspan>",
    ] {
        assert!(svg.contains(part), "{part} is not in\n{svg}");
    }
    // A picture without its colours has the same text, and is another.
    let plain = drawn("a<b  &\n x y\n", "A <title>");
    assert_eq!(text(&plain), text(&svg));
    assert_ne!(plain, svg);
}
