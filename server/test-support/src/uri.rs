//! `file:` URIs and back, for absolute Unix paths.

use std::path::{Path, PathBuf};

/// The `file:` URI of an absolute path; bytes outside the unreserved set are percent-encoded.
///
/// # Panics
/// When the path is relative.
pub fn uri_from_path(path: &Path) -> String {
    assert!(path.is_absolute(), "{} is relative", path.display());
    let mut uri = String::from("file://");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// The path of a `file:` URI, however it was encoded; `None` for another scheme, another host or a broken escape.
pub fn path_from_uri(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    if !rest.starts_with('/') {
        return None;
    }
    let mut bytes = Vec::with_capacity(rest.len());
    let mut left = rest.bytes();
    while let Some(byte) = left.next() {
        bytes.push(match byte {
            b'%' => hex(left.next()?)? << 4 | hex(left.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for path in ["/a/b.rs", "/with space/ü%20.py", "/c#?:[x].ts"] {
            assert_eq!(path_from_uri(&uri_from_path(Path::new(path))).unwrap(), Path::new(path));
        }
        assert_eq!(uri_from_path(Path::new("/a b")), "file:///a%20b");
        assert_eq!(path_from_uri("file:///c%3a/x").unwrap(), Path::new("/c:/x"));
        for bad in ["http://a/b", "file://host/a", "file:///%g1", "file:///%f"] {
            assert_eq!(path_from_uri(bad), None, "{bad}");
        }
    }
}
