//! The person's ed25519 key: made on first use, kept for them alone.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use ed25519_dalek::{Signer, VerifyingKey};
use model::Digest;

use crate::private::{Others, StoreError, read, write};

/// What the files begin with: which algorithm, and which version of the form.
const PRIVATE_MARK: &str = "countersign-private-ed25519-1 ";
const PUBLIC_MARK: &str = "countersign-ed25519-1 ";

/// The name of the private key's file; the public one has `.pub` behind it.
const FILE: &str = "ed25519";

/// A key that signs. Its bytes never leave this crate, and are wiped when it goes.
pub struct SigningKey(ed25519_dalek::SigningKey);

/// A key that verifies: `countersign-ed25519-1` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Why a text is no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a public key: `{PUBLIC_MARK}` and 64 hexadecimal digits of a sound ed25519 key are needed"
)]
pub struct PublicKeyError;

impl SigningKey {
    /// Opens the key in `folder`, or makes one, with the public key beside it. Of two processes that do so at once
    /// both get the same.
    ///
    /// # Errors
    /// [`StoreError`]: others can read the key or change the folder, its file is broken, or the system refuses. A
    /// key that is there is never replaced.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        let bytes = match read(&path, Others::Nothing)? {
            Some(bytes) => bytes,
            None => {
                write(&path, fresh(&path)?.as_bytes(), false)?;
                read(&path, Others::Nothing)?.unwrap_or_default()
            }
        };
        let key = std::str::from_utf8(&bytes).ok().and_then(|text| unmarked(text, PRIVATE_MARK));
        let key = key.map(|secret| Self(ed25519_dalek::SigningKey::from_bytes(&secret)));
        let broken = || StoreError::Broken { path, what: "it holds no key".to_owned() };
        let key = key.ok_or_else(broken)?;
        let public = folder.join(format!("{FILE}.pub"));
        let text = format!("{}\n", key.public());
        if read(&public, Others::Read)?.as_deref() != Some(text.as_bytes()) {
            write(&public, text.as_bytes(), true)?;
        }
        Ok(key)
    }

    /// The key that verifies what this one signs.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().id().short())
    }
}

impl PublicKey {
    /// Its name: the SHA-256 of its bytes.
    pub fn id(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }

    /// Whether the signature is this key's over `bytes`, strictly: no weak key, no second form of a signature.
    pub(crate) fn verifies(&self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0.verify_strict(bytes, &signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PUBLIC_MARK)?;
        self.0.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = unmarked(text, PUBLIC_MARK).ok_or(PublicKeyError)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| PublicKeyError)?;
        if key.is_weak() { Err(PublicKeyError) } else { Ok(Self(key)) }
    }
}

/// The text of a new key's file.
fn fresh(path: &Path) -> Result<String, StoreError> {
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret).map_err(|error| {
        let source = std::io::Error::other(format!("no randomness for a key: {error}"));
        StoreError::Io { path: path.to_owned(), source }
    })?;
    let mut text = PRIVATE_MARK.to_owned();
    text.extend(secret.iter().map(|byte| format!("{byte:02x}")));
    text.push('\n');
    Ok(text)
}

/// The 32 bytes behind a mark, in lower-case digits, with at most one line end after them.
fn unmarked(text: &str, mark: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix(mark)?;
    let digits = digits.strip_suffix('\n').unwrap_or(digits);
    let digest: Digest = digits.parse().ok()?;
    (digest.to_string() == digits).then_some(*digest.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a/keys");
        let key = SigningKey::open(&folder).unwrap();
        let again = SigningKey::open(&folder).unwrap();
        assert_eq!(key.public(), again.public());
        let public = fs::read_to_string(folder.join("ed25519.pub")).unwrap();
        assert_eq!(public.parse::<PublicKey>(), Ok(key.public()));
        let other = SigningKey::open(&home.path().join("b")).unwrap();
        assert_ne!(other.public(), key.public());
        let secret = fs::read_to_string(folder.join("ed25519")).unwrap();
        assert!(!format!("{key:?}").contains(&secret[PRIVATE_MARK.len()..PRIVATE_MARK.len() + 12]));
    }

    #[test]
    fn two_that_make_it_at_once_get_the_same() {
        let home = tempfile::tempdir().unwrap();
        let open = || SigningKey::open(home.path()).unwrap().public().to_string();
        let keys: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(keys.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_could_use_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("keys");
        SigningKey::open(&folder).unwrap();
        let path = folder.join("ed25519");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap()
        };
        assert_eq!((mode(&path), mode(&folder)), (0o600, 0o700));
        for bad in [0o640, 0o604, 0o620, 0o602] {
            set(&path, bad);
            let error = SigningKey::open(&folder).unwrap_err().to_string();
            assert!(
                error.contains("others than you can") && error.contains("chmod 600"),
                "{error}"
            );
        }
        set(&path, 0o600);
        SigningKey::open(&folder).unwrap();
        let elsewhere = home.path().join("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert!(matches!(SigningKey::open(&folder), Err(StoreError::Io { .. })), "a link");
        fs::remove_file(&path).unwrap();
        set(&folder, 0o770);
        let error = SigningKey::open(&folder).unwrap_err();
        assert!(matches!(error, StoreError::Open { what: "change", .. }), "{error}");
    }

    #[test]
    fn a_broken_key_is_never_replaced() {
        let home = tempfile::tempdir().unwrap();
        SigningKey::open(home.path()).unwrap();
        let path = home.path().join("ed25519");
        let whole = fs::read_to_string(&path).unwrap();
        for broken in
            [String::new(), whole.to_uppercase(), whole.replace('1', ""), format!("{whole}\n")]
        {
            fs::write(&path, &broken).unwrap();
            assert!(
                matches!(SigningKey::open(home.path()), Err(StoreError::Broken { .. })),
                "{broken:?}"
            );
            assert_eq!(fs::read_to_string(&path).unwrap(), broken);
        }
    }

    #[test]
    fn a_weak_key_is_none() {
        let zero = format!("{PUBLIC_MARK}01{}", "00".repeat(31));
        assert_eq!(zero.parse::<PublicKey>(), Err(PublicKeyError));
    }
}
