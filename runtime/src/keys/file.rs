//! Keys in files: PKCS #8 as PEM (RFC 5958, RFC 7468, RFC 8410), which other tools write and read, too.

use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use thiserror::Error;
use zeroize::Zeroizing;

use super::Key;

/// A key is smaller than this, whoever wrote it.
const MOST_BYTES: u64 = 16 << 10;

/// Why a key is not read from a file, or written to one. Holds nothing of the key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyFileError {
    /// There is no such file.
    #[error("there is no key at `{path}`")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// There is one already, and keys are never overwritten.
    #[error("`{path}` is there already, and a key is never overwritten")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner may read or write it.
    #[error("`{path}` is open to others than its owner (mode {mode:03o})")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It holds something else.
    #[error("`{path}` holds no Ed25519 key as PKCS #8 in PEM without a password")]
    Content {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read or written.
    #[error("the key `{path}` cannot be used: {detail}")]
    Unavailable {
        /// The file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
}

fn unavailable(path: &Path, error: impl std::fmt::Display) -> KeyFileError {
    KeyFileError::Unavailable { path: path.into(), detail: error.to_string() }
}

impl Key {
    /// Writes the key to a new file that its owner alone can read, and on disk. The folders above are made.
    ///
    /// # Errors
    /// There is a file already, or it cannot be written. Then there is none of that name, or the one that was there.
    pub fn save(&self, path: &Path) -> Result<(), KeyFileError> {
        let failed = |error: io::Error| unavailable(path, error);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        // Without the public half: that is version 1 of the format, which every reader knows.
        let pair = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        let text = pair.to_pkcs8_pem(LineEnding::LF).map_err(|error| unavailable(path, error))?;
        let own = Permissions::from_mode(0o600);
        let builder = &mut tempfile::Builder::new();
        let mut file = builder.prefix(".key-").permissions(own).tempfile_in(folder).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
        // It has its name when all of it is there, and takes nobody's place.
        file.persist_noclobber(path).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => KeyFileError::Exists { path: path.into() },
            _ => failed(error.error),
        })?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Reads a key from a file. Also one that others made, such as `openssl genpkey -algorithm ed25519`.
    ///
    /// # Errors
    /// There is none, it is open to others than its owner, or is no such key.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let found = std::fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => KeyFileError::Missing { path: path.into() },
            _ => unavailable(path, error),
        })?;
        // Opening a pipe could wait for ever.
        if !found.is_file() {
            return Err(unavailable(path, "it is not a file"));
        }
        let file = File::open(path).map_err(|error| unavailable(path, error))?;
        let found = file.metadata().map_err(|error| unavailable(path, error))?;
        let mode = found.mode() & 0o777;
        // As `ssh` has it: whoever is not the owner cannot mend it.
        if mode & 0o077 != 0 && found.uid() == rustix::process::getuid().as_raw() {
            return Err(KeyFileError::Open { path: path.into(), mode });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(MOST_BYTES).read_to_string(&mut text).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => KeyFileError::Content { path: path.into() },
            _ => unavailable(path, error),
        })?;
        let key = SigningKey::from_pkcs8_pem(&text);
        key.map(Self).map_err(|_| KeyFileError::Content { path: path.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn a_key_comes_back_from_its_file_and_nobody_else_can_read_it() {
        let folder = folder();
        let path = folder.path().join("a/b/key.pem");
        let key = Key::generate().unwrap();
        key.save(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(folder.path().join("a")).unwrap().mode() & 0o777, 0o700);
        assert_eq!(Key::load(&path).unwrap().public(), key.public());
        let left: Vec<_> = std::fs::read_dir(folder.path().join("a/b")).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[test]
    fn a_key_is_never_overwritten() {
        let folder = folder();
        let path = folder.path().join("key.pem");
        let (first, second) = (Key::generate().unwrap(), Key::generate().unwrap());
        assert_ne!(first.public(), second.public());
        first.save(&path).unwrap();
        assert_eq!(second.save(&path), Err(KeyFileError::Exists { path: path.clone() }));
        assert_eq!(Key::load(&path).unwrap().public(), first.public());
        // Nor is what a link leads to that leads nowhere yet.
        let link = folder.path().join("link.pem");
        std::os::unix::fs::symlink(folder.path().join("nowhere.pem"), &link).unwrap();
        assert_eq!(second.save(&link), Err(KeyFileError::Exists { path: link }));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_key_of_openssl_is_read() {
        // `openssl genpkey -algorithm ed25519`, with the secret of RFC 8410, section 10.3.
        let text = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                    -----END PRIVATE KEY-----\n";
        let folder = folder();
        let path = folder.path().join("key.pem");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        let public = Key::load(&path).unwrap().public();
        // The public half that the RFC gives for it.
        assert_eq!(public.to_string(), "ed25519:Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let folder = folder();
        let path = folder.path().join("key.pem");
        assert_eq!(Key::load(&path).unwrap_err(), KeyFileError::Missing { path: path.clone() });
        assert!(matches!(Key::load(folder.path()), Err(KeyFileError::Unavailable { .. })));
        assert!(matches!(Key::load(Path::new("/dev/zero")), Err(KeyFileError::Unavailable { .. })));
        let content = KeyFileError::Content { path: path.clone() };
        let whole = KeypairBytes { secret_key: [3; 32], public_key: None }.to_pkcs8_pem(LineEnding::LF).unwrap();
        let encrypted = whole.replace("PRIVATE", "ENCRYPTED PRIVATE");
        for bad in [&b""[..], b"\xff\xfe", whole[..whole.len() / 2].as_bytes(), encrypted.as_bytes(), &[b'-'; 1 << 20]]
        {
            std::fs::write(&path, bad).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            assert_eq!(Key::load(&path).unwrap_err(), content);
        }
        std::fs::write(&path, whole.as_bytes()).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert_eq!(Key::load(&path).unwrap_err(), KeyFileError::Open { path: path.clone(), mode: 0o640 });
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert!(Key::load(&path).is_ok());
    }
}
