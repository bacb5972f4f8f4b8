//! Names of files: URIs outside, absolute paths at the edge, [`RelPath`] inside.

use std::path::{Path, PathBuf};

use lsp_types::Uri;
use model::RelPath;
use url::Url;

/// The path of a `file:` URI; `None` for any other.
pub(crate) fn to_path(uri: &Uri) -> Option<PathBuf> {
    let url = Url::parse(uri.as_str()).ok().filter(|url| url.scheme() == "file")?;
    url.to_file_path().ok()
}

/// The URI of an absolute path.
pub(crate) fn to_uri(path: &Path) -> Option<Uri> {
    Url::from_file_path(path).ok()?.as_str().parse().ok()
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
    fn only_what_is_inside_has_a_name() {
        let below =
            |path: &str| below(Path::new("/r"), Path::new(path)).map(|path| path.to_string());
        assert_eq!(below("/r/src/a.rs").as_deref(), Some("src/a.rs"));
        assert_eq!(below("/rr/a.rs"), None);
        assert_eq!(below("/r/.git/COMMIT_EDITMSG"), None);
    }
}
