//! Looks for the end of a run of plain characters, eight bytes at a time.

const ONES: u64 = u64::from_le_bytes([0x01; 8]);
const TOPS: u64 = u64::from_le_bytes([0x80; 8]);

/// The offset, from `at` on, of the first byte that ends a run of plain string content: a quote, a backslash or a
/// control character; the length of `bytes` if there is none.
#[inline]
pub(super) fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        // The top bit of a byte is set where that byte is zero after the subtraction's borrow; a borrow can set bits
        // of later bytes wrongly, never of an earlier one, and only the earliest counts.
        let hits =
            (below(word ^ (ONES * b'"' as u64), 1) | below(word ^ (ONES * b'\\' as u64), 1) | below(word, 0x20)) & TOPS;
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while at < bytes.len() && !matches!(bytes[at], b'"' | b'\\' | 0..0x20) {
        at += 1;
    }
    at
}

/// Sets the top bit of the first byte of `word` that is less than `limit`.
#[inline]
const fn below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(ONES * limit) & !word
}

#[cfg(test)]
mod tests {
    use super::plain_end;

    #[test]
    fn finds_every_byte_at_every_place() {
        for length in 0..40 {
            for place in 0..length {
                for byte in 0..=255u8 {
                    let mut bytes = vec![0xe4u8; length];
                    bytes[place] = byte;
                    let ends = byte < 0x20 || byte == b'"' || byte == b'\\';
                    assert_eq!(
                        plain_end(&bytes, 0),
                        if ends { place } else { length },
                        "{byte} at {place} of {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_first_of_several_counts() {
        assert_eq!(plain_end(b"ab\"\\\n\x00cd", 0), 2);
        assert_eq!(plain_end(b"ab\"\\\n\x00cd", 3), 3);
        assert_eq!(plain_end(b"\x20\x1f\x21\"____", 0), 1);
        assert_eq!(plain_end(b"", 0), 0);
        assert_eq!(plain_end(b"abc", 9), 9);
    }
}
