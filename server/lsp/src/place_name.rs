//! Names of files: URIs outside, absolute paths at the edge, [`RelPath`] inside.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use lsp_types::Uri;
use model::RelPath;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::Value;
use url::Url;

/// What a URL may have in its path and a URI may not: URLs are as browsers write them, URIs as RFC 3986 does.
const NOT_IN_URIS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The path of a `file:` URI; `None` for any other.
pub(crate) fn to_path(uri: &Uri) -> Option<PathBuf> {
    let url = Url::parse(uri.as_str()).ok().filter(|url| url.scheme() == "file")?;
    url.to_file_path().ok()
}

/// The URI of an absolute path; `None` for another.
pub(crate) fn to_uri(path: &Path) -> Option<Uri> {
    let url = Url::from_file_path(path).ok()?;
    Cow::from(utf8_percent_encode(url.as_str(), NOT_IN_URIS)).parse().ok()
}

/// Spells the URIs of a client's message so that they can be read: some editors write names of files as URLs do, such as
/// `app/[id]/page.tsx`. A text that is a URI stays as it is.
///
/// # Cost
/// One look at each value of the message; texts other than URIs are not read.
pub(crate) fn spell_uris(message: &mut Value) {
    match message {
        Value::Array(values) => values.iter_mut().for_each(spell_uris),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if matches!(name.as_str(), "uri" | "rootUri") => {
                        spell_uri(text);
                    }
                    value => spell_uris(value),
                }
            }
        }
        _ => {}
    }
}

fn spell_uri(text: &mut String) {
    let Cow::Owned(spelled) = Cow::from(utf8_percent_encode(text, NOT_IN_URIS)) else { return };
    // The address of a host has brackets of its own.
    if Uri::from_str(text).is_err() {
        *text = spelled;
    }
}

/// `path` as the repository at `root` names it; `None` outside of it and in git's own folder.
pub(crate) fn below(root: &Path, path: &Path) -> Option<RelPath> {
    RelPath::from_bytes(path.strip_prefix(root).ok()?.as_os_str().as_encoded_bytes()).ok()
}

/// Where `path` of the repository at `root` is; `None` when its name is not text.
pub(crate) fn absolute(root: &Path, path: &RelPath) -> Option<PathBuf> {
    Some(root.join(path.as_str()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_go_out_and_come_back() {
        let path = Path::new("/r/a b/ü#.rs");
        let uri = to_uri(path).unwrap();
        assert_eq!(uri.as_str(), "file:///r/a%20b/%C3%BC%23.rs");
        assert_eq!(to_path(&uri).unwrap(), path);
        assert_eq!(to_path(&"untitled:Untitled-1".parse().unwrap()), None);
    }

    #[test]
    fn names_that_only_urls_can_spell_go_out_and_come_back() {
        for path in
            ["/r/app/[id]/page.tsx", "/[r]/a.rs", "/r/^|`{}\"<>\\%5B.rs", "/r/[...all]/ü.ts"]
        {
            let uri = to_uri(Path::new(path)).unwrap();
            assert_eq!(to_path(&uri).unwrap(), Path::new(path));
        }
        let uri = to_uri(Path::new("/r/app/[id]/page.tsx")).unwrap();
        assert_eq!(uri.as_str(), "file:///r/app/%5Bid%5D/page.tsx");
    }

    #[test]
    fn uris_of_a_message_can_be_read_however_an_editor_spells_them() {
        let mut message = json!({
            "rootUri": "file:///[r]",
            "textDocument": { "uri": "file:///r/app/[id]/a b.tsx", "text": "[uri]" },
            "arguments": [{ "uri": "file:///r/%5Bid%5D.ts" }, { "uri": "http://[::1]/[" }, { "uri": 7 }],
        });
        spell_uris(&mut message);
        let spelled = json!({
            "rootUri": "file:///%5Br%5D",
            "textDocument": { "uri": "file:///r/app/%5Bid%5D/a%20b.tsx", "text": "[uri]" },
            "arguments": [{ "uri": "file:///r/%5Bid%5D.ts" }, { "uri": "http://%5B::1%5D/%5B" }, { "uri": 7 }],
        });
        assert_eq!(message, spelled);
        let mut host = json!({ "uri": "http://[::1]/" });
        spell_uris(&mut host);
        assert_eq!(host, json!({ "uri": "http://[::1]/" }));
    }

    #[test]
    fn only_what_is_inside_has_a_name() {
        let below =
            |path: &str| below(Path::new("/r"), Path::new(path)).map(|path| path.to_string());
        assert_eq!(below("/r/src/a.rs").as_deref(), Some("src/a.rs"));
        assert_eq!(below("/rr/a.rs"), None);
        assert_eq!(below("/r/.git/COMMIT_EDITMSG"), None);
    }
}
