//! Addresses and networks of the Internet Protocol.

use std::net::IpAddr;

/// Whether an address lies in a network in CIDR notation (RFC 4632, RFC 4291), or is the one that is written there without
/// a length; nothing where a text is none of these. An address of one version lies in no network of the other.
pub(super) fn lies_in(address: &str, network: &str) -> Option<bool> {
    let address: IpAddr = address.parse().ok()?;
    let (start, length) = match network.split_once('/') {
        // `+8` and `08` are numbers elsewhere, and no lengths here.
        Some((_, length)) if !length.bytes().all(|digit| digit.is_ascii_digit()) => return None,
        Some((_, length)) if length.len() > 1 && length.starts_with('0') => return None,
        Some((start, length)) => (start, Some(length.parse::<u32>().ok()?)),
        None => (network, None),
    };
    let start: IpAddr = start.parse().ok()?;
    let (one, other, bits) = match (address, start) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (u128::from(one.to_bits()), u128::from(other.to_bits()), 32_u32),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits(), other.to_bits(), 128),
        (_, other) => {
            let bits = if other.is_ipv4() { 32 } else { 128 };
            return (length.unwrap_or(bits) <= bits).then_some(false);
        }
    };
    let rest = bits.checked_sub(length.unwrap_or(bits))?;
    // All bits may be left open, which is more than can be shifted away.
    Some(one.checked_shr(rest).unwrap_or(0) == other.checked_shr(rest).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::lies_in;

    #[test]
    fn addresses_lie_in_networks() {
        for (address, network, expected) in [
            ("10.1.2.3", "10.0.0.0/8", Some(true)),
            ("11.1.2.3", "10.0.0.0/8", Some(false)),
            ("222.222.222.7", "222.222.222.0/24", Some(true)),
            ("1.2.3.4", "0.0.0.0/0", Some(true)),
            ("1.2.3.4", "1.2.3.4", Some(true)),
            ("1.2.3.4", "1.2.3.5/32", Some(false)),
            ("::1", "::1/128", Some(true)),
            ("fe80::1", "::/0", Some(true)),
            ("2001:db8::1", "2001:db9::/32", Some(false)),
            ("1.2.3.4", "::/0", Some(false)),
            ("1.2.3.4", "1.2.3.0/33", None),
            ("1.2.3.4", "::/129", None),
            ("1.2.3.4", "1.2.3.0/+8", None),
            ("1.2.3.4", "1.2.3.0/", None),
            ("1.2.3.4", "1.2.3.0/08", None),
            ("1.2.3", "1.2.3.0/24", None),
            ("1.2.3.4", "somewhere", None),
        ] {
            assert_eq!(lies_in(address, network), expected, "{address} in {network}");
        }
    }
}
