//! Which gates the person trusts, repository by repository.

use std::path::{Path, PathBuf};

use model::{Digest, TrustRecord, TrustedGates, canonical_json};

use crate::private::{Others, StoreError, named, read, remove, write};

/// So many sets of gates are remembered of a repository, so that switching branches does not ask again; the
/// oldest is forgotten.
pub const TRUSTED_MAX: usize = 16;

/// The trust records of one person: a file for each repository, which only they can change.
#[derive(Debug, Clone)]
pub struct TrustStore {
    folder: PathBuf,
}

impl TrustStore {
    /// The records in `folder`, which is made when something is trusted.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What is trusted of the repository whose common folder is `repository`.
    ///
    /// # Errors
    /// [`StoreError`]: the record is broken, or others can change it; nothing is then trusted.
    pub fn record(&self, repository: &Path) -> Result<TrustRecord, StoreError> {
        let path = self.path(repository);
        let fresh = TrustRecord { version: 1, repository: shown(repository), gates: Vec::new() };
        let Some(bytes) = read(&path, Others::Read)? else { return Ok(fresh) };
        let record: Option<TrustRecord> = serde_json::from_slice(&bytes).ok();
        let record =
            record.filter(|record| record.version == 1 && record.repository == fresh.repository);
        let what = "it is no record of this repository".to_owned();
        record.ok_or(StoreError::Broken { path, what })
    }

    /// Since when and by whom exactly these gates are trusted; `None` when they are not.
    ///
    /// # Errors
    /// As [`TrustStore::record`].
    pub fn trusted(
        &self,
        repository: &Path,
        gates: Digest,
    ) -> Result<Option<TrustedGates>, StoreError> {
        let record = self.record(repository)?;
        Ok(record.gates.into_iter().find(|trusted| trusted.digest == gates))
    }

    /// Trusts these gates, beside those that are trusted already.
    ///
    /// # Errors
    /// As [`TrustStore::record`], or the system refuses; nothing is then changed.
    pub fn trust(&self, repository: &Path, gates: TrustedGates) -> Result<(), StoreError> {
        let mut record = self.record(repository)?;
        record.gates.retain(|trusted| trusted.digest != gates.digest);
        record.gates.push(gates);
        let excess = record.gates.len().saturating_sub(TRUSTED_MAX);
        record.gates.drain(..excess);
        write(&self.path(repository), &canonical_json(&record), true)
    }

    /// Trusts nothing of the repository any more; answers whether anything was. A broken record goes, too.
    ///
    /// # Errors
    /// The system refuses.
    pub fn revoke(&self, repository: &Path) -> Result<bool, StoreError> {
        remove(&self.path(repository))
    }

    fn path(&self, repository: &Path) -> PathBuf {
        named(&self.folder, repository)
    }
}

fn shown(repository: &Path) -> String {
    repository.display().to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use model::Timestamp;

    use super::*;

    fn gates(text: &str) -> TrustedGates {
        let digest = Digest::of(text.as_bytes());
        TrustedGates { digest, count: 1, by: "Ada".to_owned(), since: Timestamp(1) }
    }

    #[test]
    fn what_is_trusted_is_so_of_one_repository_until_it_changes() {
        let home = tempfile::tempdir().unwrap();
        let store = TrustStore::new(home.path().join("trust"));
        let (here, there) = (Path::new("/a/.git"), Path::new("/b/.git"));
        let asked = |repository, text| store.trusted(repository, gates(text).digest).unwrap();
        assert_eq!(asked(here, "one"), None);
        store.trust(here, gates("one")).unwrap();
        assert_eq!(asked(here, "one"), Some(gates("one")));
        assert_eq!((asked(here, "two"), asked(there, "one")), (None, None));
        store.trust(here, gates("two")).unwrap();
        assert!(asked(here, "one").is_some() && asked(here, "two").is_some());
        assert!(store.revoke(here).unwrap());
        assert_eq!((asked(here, "one"), store.revoke(here).unwrap()), (None, false));
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let store = TrustStore::new(home.path().to_owned());
        for number in 0..=TRUSTED_MAX {
            store.trust(Path::new("/a"), gates(&number.to_string())).unwrap();
        }
        let record = store.record(Path::new("/a")).unwrap();
        assert_eq!(record.gates.len(), TRUSTED_MAX);
        assert_eq!(record.gates[0], gates("1"));
    }

    #[cfg(unix)]
    #[test]
    fn a_record_that_others_could_write_is_not_believed() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let store = TrustStore::new(home.path().to_owned());
        let here = Path::new("/a");
        store.trust(here, gates("one")).unwrap();
        let path = store.path(here);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(store.record(here), Err(StoreError::Open { what: "change", .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::copy(&path, store.path(Path::new("/b"))).unwrap();
        assert!(matches!(store.record(Path::new("/b")), Err(StoreError::Broken { .. })));
        fs::write(&path, "{").unwrap();
        assert!(matches!(store.record(here), Err(StoreError::Broken { .. })));
        assert!(store.trust(here, gates("two")).is_err());
        assert!(store.revoke(here).unwrap());
    }
}
