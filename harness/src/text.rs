//! Numbers and bytes in formats of text: as strings, since JavaScript reads no
//! integer of 64 bits from JSON, and since a list of numbers is long. In binary
//! formats they are what they are anyway.

use std::fmt::Write;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|two| two[0] << 4 | two[1]).collect())
}

/// Bytes in text: two hexadecimal digits each.
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        bytes::serialize(&self.0, s)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Bytes, D::Error> {
        bytes::deserialize(d).map(Bytes)
    }
}

/// Bytes: in text, two hexadecimal digits each.
pub(crate) mod bytes {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
        match s.is_human_readable() {
            true => s.serialize_str(&hexadecimal(bytes)),
            false => bytes.serialize(s),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        if !d.is_human_readable() {
            return Vec::deserialize(d);
        }
        let text = String::deserialize(d)?;
        from_hexadecimal(&text).ok_or_else(|| de::Error::custom("no hexadecimal digits"))
    }
}

/// What was captured: chunks with their bytes.
pub(crate) mod captured {
    use super::*;
    use crate::engine::Capture;

    pub(crate) fn serialize<S: Serializer>(
        captured: &[(Capture, Vec<u8>)],
        s: S,
    ) -> Result<S::Ok, S::Error> {
        let pairs = captured.iter();
        s.collect_seq(pairs.map(|(capture, bytes)| (capture, Bytes(bytes.clone()))))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Vec<(Capture, Vec<u8>)>, D::Error> {
        let pairs = Vec::<(Capture, Bytes)>::deserialize(d)?;
        let pairs = pairs.into_iter();
        Ok(pairs.map(|(capture, bytes)| (capture, bytes.0)).collect())
    }
}

/// A digest: in text, hexadecimal digits.
pub(crate) mod digest {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(digest: &u64, s: S) -> Result<S::Ok, S::Error> {
        if !s.is_human_readable() {
            return digest.serialize(s);
        }
        let mut text = String::new();
        write!(text, "{digest:x}").map_err(serde::ser::Error::custom)?;
        s.serialize_str(&text)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
        if !d.is_human_readable() {
            return u64::deserialize(d);
        }
        let text = String::deserialize(d)?;
        u64::from_str_radix(&text, 16).map_err(de::Error::custom)
    }
}

/// An integer of more than 32 bits: in text, decimal digits in a string.
pub(crate) mod long {
    use std::fmt::Display;
    use std::str::FromStr;

    use super::*;

    pub(crate) fn serialize<T: Display + Serialize, S: Serializer>(
        number: &T,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        match s.is_human_readable() {
            true => s.collect_str(number),
            false => number.serialize(s),
        }
    }

    pub(crate) fn deserialize<'de, T, D>(d: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display> + Deserialize<'de>,
        D: Deserializer<'de>,
    {
        if !d.is_human_readable() {
            return T::deserialize(d);
        }
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_what_is_none_does_not() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(from_hexadecimal(&hexadecimal(&all)), Some(all));
        assert_eq!(hexadecimal(&[0x0a, 0xf0]), "0af0");
        for none in ["a", "0g", "+1", "é"] {
            assert_eq!(from_hexadecimal(none), None, "{none}");
        }
    }
}
