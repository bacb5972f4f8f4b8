//! What the mails around a patch say: subjects and bodies.

/// One mail's words.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    pub(crate) subject: String,
    pub(crate) body: String,
}

/// The title and the rationale that the mails amount to.
pub(crate) fn words(mails: &[Mail]) -> (Option<String>, String) {
    let mut mails = mails.iter();
    let Some(first) = mails.next() else { return (None, String::new()) };
    let mut rationale = first.body.trim().to_owned();
    for mail in mails {
        rationale.push_str("\n\n");
        rationale.push_str(&mail.subject);
        if !mail.body.trim().is_empty() {
            rationale.push_str("\n\n");
            rationale.push_str(mail.body.trim());
        }
    }
    let title = (!first.subject.is_empty()).then(|| first.subject.clone());
    (title, rationale.trim().to_owned())
}

/// Reads header lines, folded ones joined, and takes the subject without its `[PATCH n/m]`.
pub(crate) fn subject(headers: &[String]) -> String {
    let mut found = String::new();
    let mut inside = false;
    for line in headers {
        if line.starts_with([' ', '\t']) {
            if inside {
                found.push(' ');
                found.push_str(line.trim());
            }
            continue;
        }
        inside = line.get(..8).is_some_and(|name| name.eq_ignore_ascii_case("subject:"));
        if inside {
            found = line.get(8..).unwrap_or_default().trim().to_owned();
        }
    }
    let mut text = decode(&found);
    while text.starts_with('[') {
        let Some((tag, rest)) = text.split_once(']') else { break };
        if !tag.contains("PATCH") && !tag.contains("RFC") {
            break;
        }
        text = rest.trim_start().to_owned();
    }
    text
}

/// The encoding of a mail's text, where a header line says one that changes it.
pub(crate) fn transfer_encoding(header: &str) -> Option<&str> {
    let (name, value) = header.split_once(':')?;
    let value = value.trim();
    let plain = ["7bit", "8bit", "binary"].iter().any(|plain| value.eq_ignore_ascii_case(plain));
    (name.eq_ignore_ascii_case("content-transfer-encoding") && !plain).then_some(value)
}

/// Decodes the encoded words of RFC 2047 that are UTF-8; others stay as they are.
fn decode(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("=?") {
        let (before, word) = rest.split_at(at);
        let Some((decoded, after)) = encoded_word(word) else {
            out.push_str(before);
            out.push_str("=?");
            rest = word.get(2..).unwrap_or_default();
            continue;
        };
        // White space between two encoded words is not part of the text.
        if out.is_empty() || !before.trim().is_empty() {
            out.push_str(before);
        }
        out.push_str(&decoded);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// `=?UTF-8?q?caf=C3=A9?=`
fn encoded_word(text: &str) -> Option<(String, &str)> {
    let mut parts = text.strip_prefix("=?")?.splitn(3, '?');
    let (charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (data, after) = rest.split_once("?=")?;
    if !charset.eq_ignore_ascii_case("utf-8") || !encoding.eq_ignore_ascii_case("q") {
        return None;
    }
    let mut bytes = Vec::new();
    let mut data = data.bytes();
    while let Some(byte) = data.next() {
        match byte {
            b'_' => bytes.push(b' '),
            b'=' => {
                let pair = [data.next()?, data.next()?];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
            }
            byte => bytes.push(byte),
        }
    }
    Some((String::from_utf8(bytes).ok()?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_lose_their_tag_and_folds() {
        let check = |lines: &[&str], expected: &str| {
            let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            assert_eq!(subject(&lines), expected);
        };
        check(&["From: a", "Subject: [PATCH 1/2] fix the", " parser", "Date: x"], "fix the parser");
        check(&["Subject: [core] [x] keep this"], "[core] [x] keep this");
        check(&["Subject: =?UTF-8?q?caf=C3=A9=20?=", " =?UTF-8?q?au_lait?="], "café au lait");
        check(&["Subject: =?latin1?q?x?= =?broken"], "=?latin1?q?x?= =?broken");
        check(&["From: nobody"], "");
    }
}
