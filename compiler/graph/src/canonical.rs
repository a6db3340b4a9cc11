//! Canonical JSON (RFC 8785), written directly, and digests of it.
//!
//! What is written here never passes through a tree of JSON values: a plan of 100,000 steps is hashed twice, once a
//! step and once as a whole.

use std::cmp::Ordering;

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

/// The greatest whole number that every JSON reader keeps exact (RFC 7493).
pub(crate) const MAX_EXACT: u64 = (1 << 53) - 1;

/// Where JSON goes. Whoever writes gives the members of an object in canonical order, see [`key_order`].
pub(crate) trait Sink {
    fn null(&mut self);
    fn bool(&mut self, value: bool);
    /// A number within ±[`MAX_EXACT`].
    fn number(&mut self, value: i64);
    fn text(&mut self, text: &str);
    fn open_array(&mut self);
    fn close_array(&mut self);
    fn open_object(&mut self);
    fn close_object(&mut self);
    /// The name of the next member.
    fn key(&mut self, name: &str);

    /// An amount: a number, or its digits as text where a reader might not keep it exact.
    fn amount(&mut self, amount: u64) {
        match i64::try_from(amount) {
            Ok(exact) if amount <= MAX_EXACT => self.number(exact),
            _ => self.text(&amount.to_string()),
        }
    }

    /// A text, or null.
    fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    /// An array of texts.
    fn texts<'a>(&mut self, texts: impl IntoIterator<Item = &'a SmolStr>)
    where
        Self: Sized,
    {
        self.open_array();
        for text in texts {
            self.text(text);
        }
        self.close_array();
    }

    /// A member whose value is text.
    fn member(&mut self, name: &str, text: &str) {
        self.key(name);
        self.text(text);
    }
}

/// The order of members: by UTF-16 code units (RFC 8785, section 3.2.3).
pub(crate) fn key_order(a: &str, b: &str) -> Ordering {
    // Bytes of UTF-8 sort as UTF-16 does as long as there is nothing from U+E000 upwards.
    if a.bytes().chain(b.bytes()).all(|byte| byte < 0xEE) {
        return a.cmp(b);
    }
    a.encode_utf16().cmp(b.encode_utf16())
}

/// Members of an object brought into canonical order; mostly they are so already.
pub(crate) fn in_order<T>(mut members: Vec<(&str, T)>) -> Vec<(&str, T)> {
    if !members.is_sorted_by(|(a, _), (b, _)| key_order(a, b) != Ordering::Greater) {
        members.sort_by(|(a, _), (b, _)| key_order(a, b));
    }
    members
}

/// Canonical bytes.
#[derive(Default)]
pub(crate) struct Bytes {
    out: Vec<u8>,
    comma: bool,
}

impl Bytes {
    /// What was written since the last call.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Bytes that follow a value of the same array.
    pub(crate) fn after_a_value() -> Self {
        Self { out: Vec::new(), comma: true }
    }

    /// The digest of all that was written, and a fresh start in the same memory.
    pub(crate) fn digest(&mut self) -> SmolStr {
        let digest = of_bytes(&self.out);
        self.out.clear();
        self.comma = false;
        digest
    }

    fn value(&mut self) {
        if self.comma {
            self.out.push(b',');
        }
        self.comma = true;
    }

    fn quoted(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.out.push(b'"');
        // Nearly every text stands as it is.
        let escaped = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        // Looks at every byte, which is done many at once, where stopping early is done one by one.
        if !text.bytes().fold(false, |found, byte| found | escaped(byte)) {
            self.out.extend_from_slice(text.as_bytes());
            self.out.push(b'"');
            return;
        }
        let mut from = 0;
        for (at, byte) in text.bytes().enumerate() {
            let short = match byte {
                b'"' => b'"',
                b'\\' => b'\\',
                0x08 => b'b',
                0x09 => b't',
                0x0A => b'n',
                0x0C => b'f',
                0x0D => b'r',
                0x00..0x20 => 0,
                _ => continue,
            };
            self.out.extend_from_slice(&text.as_bytes()[from..at]);
            from = at + 1;
            self.out.push(b'\\');
            if short == 0 {
                let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                self.out.extend_from_slice(b"u00");
                self.out.extend_from_slice(&digits);
            } else {
                self.out.push(short);
            }
        }
        self.out.extend_from_slice(&text.as_bytes()[from..]);
        self.out.push(b'"');
    }
}

impl Sink for Bytes {
    fn null(&mut self) {
        self.value();
        self.out.extend_from_slice(b"null");
    }

    fn bool(&mut self, value: bool) {
        self.value();
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    fn number(&mut self, value: i64) {
        use std::io::Write as _;
        self.value();
        // INVARIANT: writing to memory never fails.
        let _ = write!(self.out, "{value}");
    }

    fn text(&mut self, text: &str) {
        self.value();
        self.quoted(text);
    }

    fn open_array(&mut self) {
        self.value();
        self.out.push(b'[');
        self.comma = false;
    }

    fn close_array(&mut self) {
        self.out.push(b']');
        self.comma = true;
    }

    fn open_object(&mut self) {
        self.value();
        self.out.push(b'{');
        self.comma = false;
    }

    fn close_object(&mut self) {
        self.out.push(b'}');
        self.comma = true;
    }

    fn key(&mut self, name: &str) {
        self.value();
        self.quoted(name);
        self.out.push(b':');
        self.comma = false;
    }
}

/// A tree of JSON values, for those who need one.
#[derive(Default)]
pub(crate) struct Tree {
    open: Vec<Open>,
    done: Json,
}

enum Open {
    Array(Vec<Json>),
    Object(Map<String, Json>, String),
}

impl Tree {
    pub(crate) fn finish(self) -> Json {
        self.done
    }

    fn put(&mut self, value: Json) {
        match self.open.last_mut() {
            None => self.done = value,
            Some(Open::Array(elements)) => elements.push(value),
            Some(Open::Object(members, name)) => {
                members.insert(std::mem::take(name), value);
            }
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Array(elements)) => self.put(Json::Array(elements)),
            Some(Open::Object(members, _)) => self.put(Json::Object(members)),
            None => {}
        }
    }
}

impl Sink for Tree {
    fn null(&mut self) {
        self.put(Json::Null);
    }

    fn bool(&mut self, value: bool) {
        self.put(Json::Bool(value));
    }

    fn number(&mut self, value: i64) {
        self.put(Json::from(value));
    }

    fn text(&mut self, text: &str) {
        self.put(Json::String(text.to_owned()));
    }

    fn open_array(&mut self) {
        self.open.push(Open::Array(Vec::new()));
    }

    fn close_array(&mut self) {
        self.close();
    }

    fn open_object(&mut self) {
        self.open.push(Open::Object(Map::new(), String::new()));
    }

    fn close_object(&mut self) {
        self.close();
    }

    fn key(&mut self, name: &str) {
        if let Some(Open::Object(_, next)) = self.open.last_mut() {
            name.clone_into(next);
        }
    }
}

/// `sha256:` and the hex digits of the digest of some bytes.
pub(crate) fn of_bytes(bytes: &[u8]) -> SmolStr {
    finished(Sha256::new_with_prefix(bytes))
}

/// `sha256:` and the hex digits of a digest.
pub(crate) fn finished(digest: Sha256) -> SmolStr {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(71);
    text.push_str("sha256:");
    for byte in digest.finalize() {
        text.push(HEX[usize::from(byte >> 4)] as char);
        text.push(HEX[usize::from(byte & 15)] as char);
    }
    text.into()
}
