//! How a block of lines is indented, and the block without it.

/// What a tab stands for in the plain form: one step of indentation.
const STEP: u8 = b'\t';

/// The indentation of a block: what every line starts with, and what each further level adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    margin: Vec<u8>,
    step: Vec<u8>,
    /// Whether lines end in `\r\n`.
    returns: bool,
}

impl Layout {
    /// The margin is that of the first line; the step is the least that another line adds to it.
    pub fn of(block: &[u8]) -> Self {
        let mut lines = block.split_inclusive(|&byte| byte == b'\n').filter(|line| !blank(line));
        let margin = lines.next().map(|line| indentation(line).to_vec()).unwrap_or_default();
        let deeper = lines.filter_map(|line| indentation(line).strip_prefix(margin.as_slice()));
        let step = deeper.filter(|more| !more.is_empty()).min_by_key(|more| more.len());
        // Deeper by tabs is deeper by one each.
        let step = match step {
            Some([STEP, ..]) => vec![STEP],
            step => step.unwrap_or_default().to_vec(),
        };
        Self { margin, step, returns: crate::line_ending(block) == crate::LineEnding::CrLf }
    }

    /// `lines` without the margin and with a tab for each step. A line outside the margin stays as it is.
    pub fn taken_from(&self, lines: &[u8]) -> Vec<u8> {
        let mut plain = Vec::with_capacity(lines.len());
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            let (body, end) = parted(line);
            match body.strip_prefix(self.margin.as_slice()) {
                _ if blank(body) => {}
                None => plain.extend_from_slice(body),
                Some(mut rest) => {
                    while let Some(less) = self.less(rest) {
                        plain.push(STEP);
                        rest = less;
                    }
                    plain.extend_from_slice(rest);
                }
            }
            plain.extend_from_slice(if end.is_empty() { b"" } else { b"\n" });
        }
        plain
    }

    /// Whether no line of `lines` stands outside the margin, as text within a literal may.
    pub fn holds(&self, lines: &[u8]) -> bool {
        let mut lines = lines.split(|&byte| byte == b'\n');
        lines.all(|line| blank(line) || line.starts_with(&self.margin))
    }

    /// Plain `lines` as they are laid out here, with the step of `from` if here is none.
    pub fn given_to(&self, lines: &[u8], from: &Self) -> Vec<u8> {
        let step = [&self.step, &from.step].into_iter().find(|step| !step.is_empty());
        let step: &[u8] = step.map_or(&[STEP], |step| step);
        let mut laid_out = Vec::with_capacity(lines.len());
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            let (body, end) = parted(line);
            if !body.is_empty() {
                laid_out.extend_from_slice(&self.margin);
                let steps = body.iter().take_while(|&&byte| byte == STEP).count();
                laid_out.extend(step.repeat(steps));
                laid_out.extend_from_slice(body.get(steps..).unwrap_or_default());
            }
            if !end.is_empty() {
                laid_out.extend_from_slice(if self.returns { b"\r\n" } else { b"\n" });
            }
        }
        laid_out
    }

    /// How wide the margin is, in characters.
    pub fn columns(&self) -> usize {
        self.margin.len()
    }

    fn less<'l>(&self, line: &'l [u8]) -> Option<&'l [u8]> {
        if self.step.is_empty() { None } else { line.strip_prefix(self.step.as_slice()) }
    }
}

fn indentation(line: &[u8]) -> &[u8] {
    let width = line.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
    line.get(..width).unwrap_or_default()
}

fn blank(line: &[u8]) -> bool {
    line.trim_ascii().is_empty()
}

/// A line and its ending.
fn parted(line: &[u8]) -> (&[u8], &[u8]) {
    let width = line
        .strip_suffix(b"\r\n")
        .or_else(|| line.strip_suffix(b"\n"))
        .map_or(line.len(), <[u8]>::len);
    line.split_at_checked(width).unwrap_or((line, &[]))
}
