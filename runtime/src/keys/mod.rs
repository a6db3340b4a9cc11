//! Keys: who signed what. Ed25519 (RFC 8032), the public half as text, and signatures that hold for one purpose only.
//!
//! What is signed is the pre-authentication encoding of DSSE (Dead Simple Signing Envelope, version 1.0.2): the name of
//! the purpose, then the body, each with its length before it. A signature for one purpose is thus never good for another,
//! and a body that is stored byte for byte can be verified before anything is read from it.

mod file;

pub use file::KeyFileError;

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a signature is for. Each has a media type, which is signed with the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Somebody approves, rejects, or takes one of these back.
    Approval,
    /// The end of an audit log as of a moment.
    Checkpoint,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: &[Purpose] = &[Self::Approval, Self::Checkpoint];

    /// The media type of the body: the `payloadType` of a DSSE envelope.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Approval => "application/vnd.ordain.approval+json",
            Self::Checkpoint => "application/vnd.ordain.checkpoint+json",
        }
    }

    /// The bytes that are signed: the pre-authentication encoding of DSSE.
    fn encode(self, body: &[u8]) -> Vec<u8> {
        let name = self.media_type();
        let mut bytes = format!("DSSEv1 {} {name} {} ", name.len(), body.len()).into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }
}

/// The canonical JSON (RFC 8785) of a value: what is signed and stored.
///
/// # Errors
/// The value is none that JSON has, such as a map whose keys are no texts.
pub fn canonical(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    serde_json_canonicalizer::to_vec(value)
}

/// A private key. It shows only its public half, and is overwritten when it is dropped.
pub struct Key(SigningKey);

impl Key {
    /// Makes a new key.
    ///
    /// # Errors
    /// The operating system gives no random numbers.
    pub fn generate() -> std::io::Result<Self> {
        Ok(Self(SigningKey::from_bytes(&*crate::clock::random()?)))
    }

    /// The same key for the same seed.
    #[cfg(test)]
    pub(crate) fn of_seed(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs a body for a purpose. The same body gives the same signature (RFC 8032, section 5.1.6).
    pub fn sign(&self, purpose: Purpose, body: &[u8]) -> Signature {
        Signature(self.0.sign(&purpose.encode(body)))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key(of {})", self.public())
    }
}

/// The public half of a key. As text, `ed25519:` and its 32 bytes in base64url without padding (RFC 4648, section 5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Whether the holder of the private half signed this body for this purpose.
    #[must_use]
    pub fn verifies(&self, purpose: Purpose, body: &[u8], signature: &Signature) -> bool {
        // Strict: of one body and key there is one signature that anybody accepts.
        self.0.verify_strict(&purpose.encode(body), &signature.0).is_ok()
    }
}

/// What stands before the bytes of keys and signatures in texts.
const PREFIX: &str = "ed25519:";

/// Why a text is no public key or signature.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// It does not begin with `ed25519:`.
    #[error("it does not begin with `{PREFIX}`")]
    Prefix,
    /// What follows is not base64url of the right length.
    #[error("after `{PREFIX}` it takes {bytes} bytes in base64url without padding")]
    Encoding {
        /// How many bytes there have to be.
        bytes: usize,
    },
    /// No private key belongs to it, or anybody's signature would be good for it.
    #[error("nobody can hold the private half of this key")]
    Weak,
}

fn decoded<const N: usize>(text: &str) -> Result<[u8; N], KeyError> {
    let digits = text.strip_prefix(PREFIX).ok_or(KeyError::Prefix)?;
    let wrong = KeyError::Encoding { bytes: N };
    // The decoder takes one spelling only, so that equal keys are equal texts.
    URL_SAFE_NO_PAD.decode(digits).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(wrong)
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(&decoded(text)?).map_err(|_| KeyError::Weak)?;
        if key.is_weak() { Err(KeyError::Weak) } else { Ok(Self(key)) }
    }
}

impl TryFrom<String> for PublicKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.as_bytes().cmp(other.0.as_bytes())
    }
}

/// A signature. As text, `ed25519:` and its 64 bytes in base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Signature(ed25519_dalek::Signature);

impl Signature {
    /// Its 64 bytes (RFC 8032, section 5.1.6).
    pub(crate) fn to_bytes(self) -> [u8; 64] {
        self.0.to_bytes()
    }

    /// The signature of these bytes.
    pub(crate) fn from_bytes(bytes: &[u8; 64]) -> Self {
        Self(ed25519_dalek::Signature::from_bytes(bytes))
    }
}

impl FromStr for Signature {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Ok(Self(ed25519_dalek::Signature::from_bytes(&decoded(text)?)))
    }
}

impl TryFrom<String> for Signature {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        text.parse()
    }
}

impl From<Signature> for String {
    fn from(signature: Signature) -> Self {
        signature.to_string()
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0.to_bytes()))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn key(seed: u8) -> Key {
        Key::of_seed(seed)
    }

    #[test]
    fn the_first_vector_of_the_rfc() {
        // RFC 8032, section 7.1, TEST 1.
        let secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let secret: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&secret[2 * at..2 * at + 2], 16).unwrap()).collect();
        let key = Key(SigningKey::from_bytes(&secret.try_into().unwrap()));
        assert_eq!(key.public().to_string(), "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(format!("{key:?}"), format!("Key(of {})", key.public()));
    }

    #[test]
    fn what_is_signed_is_as_dsse_has_it() {
        // The specification's example, with a type and a body of other lengths.
        let encoded = Purpose::Approval.encode(b"hello world");
        let expected = "DSSEv1 36 application/vnd.ordain.approval+json 11 hello world";
        assert_eq!(encoded, expected.as_bytes());
    }

    #[test]
    fn a_signature_holds_for_its_purpose_body_and_key() {
        let body = canonical(&json!({ "b": 1, "a": "é" })).unwrap();
        assert_eq!(body, "{\"a\":\"é\",\"b\":1}".as_bytes());
        let signature = key(1).sign(Purpose::Approval, &body);
        assert!(key(1).public().verifies(Purpose::Approval, &body, &signature));
        assert!(!key(1).public().verifies(Purpose::Checkpoint, &body, &signature));
        assert!(!key(2).public().verifies(Purpose::Approval, &body, &signature));
        assert!(!key(1).public().verifies(Purpose::Approval, b"{}", &signature));
    }

    #[test]
    fn purposes_have_names_of_their_own() {
        let names: std::collections::BTreeSet<_> = Purpose::ALL.iter().map(|purpose| purpose.media_type()).collect();
        assert_eq!(names.len(), Purpose::ALL.len());
    }

    #[test]
    fn texts_that_are_no_keys() {
        let text = key(1).public().to_string();
        assert_eq!(text.parse::<PublicKey>(), Ok(key(1).public()));
        let parse = |text: &str| text.parse::<PublicKey>().unwrap_err();
        assert_eq!(parse(""), KeyError::Prefix);
        assert_eq!(parse(&text.to_uppercase()), KeyError::Prefix);
        for wrong in [&text[..text.len() - 1], &format!("{text}="), &format!("{text} "), "ed25519:"] {
            assert_eq!(parse(wrong), KeyError::Encoding { bytes: 32 }, "{wrong}");
        }
        // The neutral element: anybody can make signatures for it.
        let neutral = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&[1][..], &[0; 31]].concat()));
        assert_eq!(parse(&neutral), KeyError::Weak);
        // The last digit has two bits that no byte needs; another spelling is no key.
        assert_eq!(parse("ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp"), KeyError::Encoding { bytes: 32 });
    }

    proptest! {
        #[test]
        fn changing_any_bit_breaks_a_signature(body in prop::collection::vec(any::<u8>(), 1..60), bit in any::<prop::sample::Index>()) {
            let key = key(7);
            let signature = key.sign(Purpose::Approval, &body);
            prop_assert!(key.public().verifies(Purpose::Approval, &body, &signature));
            let mut changed = body.clone();
            let at = bit.index(body.len() * 8);
            changed[at / 8] ^= 1 << (at % 8);
            prop_assert!(!key.public().verifies(Purpose::Approval, &changed, &signature));
            let mut forged = signature.0.to_bytes();
            let at = bit.index(forged.len() * 8);
            forged[at / 8] ^= 1 << (at % 8);
            let forged = Signature(ed25519_dalek::Signature::from_bytes(&forged));
            prop_assert!(!key.public().verifies(Purpose::Approval, &body, &forged));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,80}") {
            if let Ok(key) = text.parse::<PublicKey>() {
                prop_assert_eq!(key.to_string(), text.clone());
            }
            if let Ok(signature) = text.parse::<Signature>() {
                prop_assert_eq!(signature.to_string(), text);
            }
        }
    }
}
