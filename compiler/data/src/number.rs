//! Numbers from their digits, exactly or not at all.

use rust_decimal::Decimal;
use smol_str::SmolStr;

use crate::node::NodeKind;

/// The largest scale of a decimal.
const MAX_SCALE: i64 = 28;
/// No decimal has more digits.
const MAX_DIGITS: i64 = 29;

/// The value of a whole number, written as `[-+]?[0-9]+`.
pub(crate) fn integer(text: &str) -> NodeKind {
    match text.parse() {
        Ok(value) => NodeKind::Int(value),
        Err(_) => exact(text),
    }
}

/// The value of a number written as `[-+]?[0-9]*(\.[0-9]*)?([eE][-+]?[0-9]+)?` with at least one digit before the
/// exponent. The caller has checked that form.
pub(crate) fn exact(text: &str) -> NodeKind {
    decimal(text).map_or_else(|| big(text), NodeKind::Decimal)
}

/// A number that stays text.
pub(crate) fn big(text: &str) -> NodeKind {
    NodeKind::BigNumber(SmolStr::new(text.strip_prefix('+').unwrap_or(text)))
}

/// The value of digits in a base other than ten, without their prefix. The caller has checked the digits.
pub(crate) fn based(negative: bool, digits: &str, base: u32, written: &str) -> NodeKind {
    let value = i128::from_str_radix(digits, base).ok().map(|value| if negative { -value } else { value });
    match value {
        Some(value) => match i64::try_from(value) {
            Ok(value) => NodeKind::Int(value),
            Err(_) => Decimal::try_from_i128_with_scale(value, 0).map_or_else(|_| big(written), NodeKind::Decimal),
        },
        None => big(written),
    }
}

/// The decimal of an integer and a scale of at most 28, without trailing zeros.
pub(crate) fn scaled(mut mantissa: i64, mut scale: u32) -> Decimal {
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    Decimal::new(mantissa, scale)
}

fn decimal(text: &str) -> Option<Decimal> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (digits, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, saturating(exponent)),
        None => (unsigned, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let significant = || whole.bytes().chain(fraction.bytes()).skip_while(|&digit| digit == b'0');
    let count = significant().count() as i64;
    if count == 0 {
        return Some(Decimal::ZERO);
    }
    let zeros = fraction.bytes().rev().chain(whole.bytes().rev()).take_while(|&digit| digit == b'0').count() as i64;
    let count = count - zeros;
    // The value is the remaining digits, a whole number, times ten to the power of `-scale`.
    let scale = (fraction.len() as i64).saturating_sub(exponent).saturating_sub(zeros);
    if scale > MAX_SCALE || count.saturating_sub(scale.min(0)) > MAX_DIGITS {
        return None;
    }
    let mut mantissa = significant().take(count as usize).fold(0i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    for _ in scale..0 {
        mantissa *= 10;
    }
    // At most 29 digits: 128 bits hold them.
    let mantissa = if negative { -mantissa } else { mantissa };
    Decimal::try_from_i128_with_scale(mantissa, scale.max(0) as u32).ok()
}

/// An exponent, or the nearest that 64 bits hold.
fn saturating(text: &str) -> i64 {
    text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match exact(text) {
            NodeKind::Decimal(value) => value.to_string(),
            NodeKind::BigNumber(text) => format!("big {text}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn keeps_what_a_decimal_holds() {
        assert_eq!(shown("1.5e-3"), "0.0015");
        assert_eq!(shown("1.50"), "1.5");
        assert_eq!(shown("100e-2"), "1");
        assert_eq!(shown("-1.5E+3"), "-1500");
        assert_eq!(shown(".5"), "0.5");
        assert_eq!(shown("5."), "5");
        assert_eq!(shown("000.0500"), "0.05");
        assert_eq!(shown("79228162514264337593543950335"), "79228162514264337593543950335");
        assert_eq!(shown("1e28"), "10000000000000000000000000000");
        assert_eq!(shown("1e-28"), "0.0000000000000000000000000001");
        assert_eq!(shown(&format!("1.{}", "0".repeat(500))), "1");
        assert_eq!(shown(&format!("1{}e-500", "0".repeat(500))), "1");
    }

    #[test]
    fn zero_has_no_sign_and_no_scale() {
        for text in ["0", "-0", "-0.00", "0e99999999999999999999", "0e-99999999999999999999", "-0.0e5"] {
            let NodeKind::Decimal(value) = exact(text) else { panic!("{text}") };
            assert_eq!(value.to_string(), "0", "{text}");
            assert!(!value.is_sign_negative(), "{text}");
        }
        assert_eq!(integer("-0"), NodeKind::Int(0));
    }

    #[test]
    fn keeps_the_text_of_what_does_not_fit() {
        for text in [
            "1e400",
            "-1e400",
            "1e-29",
            "79228162514264337593543950336",
            "0.1000000000000000055511151231257827",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "1e9223372036854775807",
            "1.5e-9223372036854775808",
        ] {
            assert_eq!(shown(text), format!("big {text}"));
        }
        assert_eq!(shown("+1e400"), "big 1e400");
    }

    #[test]
    fn whole_numbers_step_up() {
        assert_eq!(integer("9223372036854775807"), NodeKind::Int(i64::MAX));
        assert_eq!(integer("-9223372036854775808"), NodeKind::Int(i64::MIN));
        assert_eq!(integer("9223372036854775808"), NodeKind::Decimal(Decimal::from(9_223_372_036_854_775_808u64)));
        assert_eq!(based(true, "ff", 16, "-0xff"), NodeKind::Int(-255));
        assert_eq!(based(false, "8000000000000000", 16, "0x"), NodeKind::Decimal(Decimal::from(1u64 << 63)));
        assert_eq!(based(false, &"f".repeat(40), 16, "0xf"), NodeKind::BigNumber("0xf".into()));
    }
}
