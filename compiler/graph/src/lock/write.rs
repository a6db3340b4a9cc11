//! Writing lock files. The members of every object stand here in canonical order.

use smol_str::SmolStr;

use super::{LOCK_FORMAT, Lock, LockedBinding, LockedPackage};
use crate::artifact::{adapter, object};
use crate::canonical::{Bytes, Sink as _, of_bytes};

impl Lock {
    /// The lock file: canonical JSON, with line breaks and indentation, so that people can review it line by line and
    /// branches can be merged.
    pub fn to_json(&self) -> Vec<u8> {
        indented(&self.to_canonical())
    }

    /// The lock's hash: SHA-256 over its canonical JSON. The file does not hold it: two branches that change different
    /// entries would always stand in each other's way.
    pub fn hash(&self) -> SmolStr {
        of_bytes(&self.to_canonical())
    }

    pub(super) fn to_canonical(&self) -> Vec<u8> {
        let bytes = &mut Bytes::default();
        bytes.open_object();
        bytes.key("adapters");
        object(self.adapters.iter(), bytes, adapter);
        bytes.key("bindings");
        object(self.bindings.iter(), bytes, |bindings, bytes| object(bindings.iter(), bytes, binding));
        bytes.member("format", LOCK_FORMAT);
        bytes.key("packages");
        object(self.packages.iter(), bytes, package);
        bytes.close_object();
        bytes.take()
    }
}

fn binding(binding: &LockedBinding, bytes: &mut Bytes) {
    bytes.open_object();
    bytes.member("adapter", &binding.adapter);
    bytes.member("contract", &binding.contract);
    bytes.member("version", &binding.version);
    bytes.close_object();
}

fn package(package: &LockedPackage, bytes: &mut Bytes) {
    bytes.open_object();
    bytes.member("digest", &package.digest);
    bytes.member("version", &package.version);
    bytes.close_object();
}

/// Canonical JSON with a line for each member and element, and nothing else changed.
fn indented(canonical: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(canonical.len() * 2);
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.resize(out.len() + 2 * depth, b' ');
    };
    for (at, &byte) in canonical.iter().enumerate() {
        if in_text {
            out.push(byte);
            (in_text, escaped) = (escaped || byte != b'"', !escaped && byte == b'\\');
            continue;
        }
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                depth += 1;
                if !matches!(canonical.get(at + 1), Some(b'}' | b']')) {
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if !matches!(at.checked_sub(1).and_then(|before| canonical.get(before)), Some(b'{' | b'[')) {
                    line(&mut out, depth);
                }
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => {
                in_text = byte == b'"';
                out.push(byte);
            }
        }
    }
    out.push(b'\n');
    out
}
