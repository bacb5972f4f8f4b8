//! Makes output comparable between runs.

/// `text` with every id as `[ID]`: a word of 12 or more lower-case hexadecimal digits, at least one of them 0 to 9.
pub fn normalise_ids(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for character in text.chars().chain(std::iter::once('\0')) {
        if character.is_ascii_alphanumeric() || character == '_' {
            word.push(character);
            continue;
        }
        out.push_str(if is_id(&word) { "[ID]" } else { &word });
        word.clear();
        out.push(character);
    }
    out.pop();
    out
}

fn is_id(word: &str) -> bool {
    word.len() >= 12
        && word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        && word.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_only_ids() {
        let long = "0123456789abcdef".repeat(4);
        assert_eq!(normalise_ids(&format!("sha256:{long} x")), "sha256:[ID] x");
        assert_eq!(normalise_ids("a1b2c3d4e5f6/2 proposed"), "[ID]/2 proposed");
        assert_eq!(normalise_ids("effaceddecade"), "effaceddecade");
        assert_eq!(normalise_ids("a1b2c3d and fn_a1b2c3d4e5f6"), "a1b2c3d and fn_a1b2c3d4e5f6");
        assert_eq!(normalise_ids(""), "");
    }
}
