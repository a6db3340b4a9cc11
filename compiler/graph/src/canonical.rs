//! Canonical JSON (RFC 8785) and digests of it.

use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

/// The canonical bytes of a JSON value.
pub(crate) fn bytes(json: &Json) -> Vec<u8> {
    // INVARIANT: a `serde_json::Value` has string keys and finite numbers, which is all that could be refused.
    serde_json_canonicalizer::to_vec(json).unwrap_or_else(|_| unreachable!("any JSON value has a canonical form"))
}

/// `sha256:` and the hex digits of the digest of a JSON value's canonical bytes.
pub(crate) fn digest(json: &Json) -> SmolStr {
    of_bytes(&bytes(json))
}

/// `sha256:` and the hex digits of the digest of some bytes.
pub(crate) fn of_bytes(bytes: &[u8]) -> SmolStr {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(71);
    text.push_str("sha256:");
    for byte in Sha256::digest(bytes) {
        text.push(HEX[usize::from(byte >> 4)] as char);
        text.push(HEX[usize::from(byte & 15)] as char);
    }
    text.into()
}
