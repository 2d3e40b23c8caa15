//! Signatures: a name for a divergence, independent of the script that showed it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What diverged: the operation, and where its address stood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// The instruction in the text format's words (`i64.load8_u`), or
    /// `module` where it is about a module as a whole.
    pub operation: String,
    /// The kind of memory: `i32` or `i64` for the address type, with `-shared`
    /// and `-page1` where it is so; empty where no memory is concerned.
    pub memory: String,
    /// Where the address stood.
    pub place: Option<Place>,
    /// In words, what an engine or the reference objects to; for rejections only.
    pub detail: String,
}

/// Where an access stood relative to the bound of its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// All of it within the memory, and not its last byte.
    Inside,
    /// Within the memory, the last byte included.
    LastByte,
    /// Exactly one byte too far.
    FirstBeyond,
    /// It begins inside and ends outside, by more than a byte.
    Straddles,
    /// It begins at the bound or behind it.
    Beyond,
    /// Its end does not fit in 32 bits, in a memory with 32-bit addresses or
    /// in the low half of a 64-bit address.
    BeyondU32,
    /// Its end does not fit in 64 bits.
    BeyondU64,
}

impl Place {
    /// All places, from inside to far beyond.
    pub const ALL: [Place; 7] = [
        Place::Inside,
        Place::LastByte,
        Place::FirstBeyond,
        Place::Straddles,
        Place::Beyond,
        Place::BeyondU32,
        Place::BeyondU64,
    ];

    /// Whether all of it is within the memory.
    pub fn is_within(self) -> bool {
        matches!(self, Place::Inside | Place::LastByte)
    }

    /// Where `[address, address + length)` stands in a memory of `size` bytes.
    ///
    /// ```
    /// use trapline_harness::judge::Place;
    /// assert_eq!(Place::of(65_532, 4, 65_536), Place::LastByte);
    /// assert_eq!(Place::of(65_533, 4, 65_536), Place::FirstBeyond);
    /// assert_eq!(Place::of(u128::from(u64::MAX), 4, 65_536), Place::BeyondU64);
    /// ```
    pub fn of(address: u128, length: u128, size: u128) -> Place {
        let end = address + length;
        if end > 1 << 64 {
            Place::BeyondU64
        } else if end == size && end > 0 {
            Place::LastByte
        } else if end < size || end == 0 {
            Place::Inside
        } else if end == size + 1 {
            Place::FirstBeyond
        } else if address < size {
            Place::Straddles
        } else if end > 1 << 32 {
            Place::BeyondU32
        } else {
            Place::Beyond
        }
    }

    /// Its name in signatures.
    pub fn name(self) -> &'static str {
        match self {
            Place::Inside => "inside",
            Place::LastByte => "last-byte",
            Place::FirstBeyond => "first-beyond",
            Place::Straddles => "straddles",
            Place::Beyond => "beyond",
            Place::BeyondU32 => "beyond-u32",
            Place::BeyondU64 => "beyond-u64",
        }
    }
}

/// A description of a divergence in a few words. It names what was seen, and
/// decides nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    /// In which way.
    pub class: super::Class,
    /// Which engine.
    pub engine: String,
    /// Which of its compilers or configurations, without the engine's name.
    /// Empty if all that can run the script do.
    pub variants: Vec<String>,
    /// What.
    pub subject: Subject,
}

impl fmt::Display for Subject {
    /// The parts that there are, with an underscore between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Subject {
            operation,
            memory,
            place,
            detail,
        } = self;
        write!(f, "{}", slug(operation, 40))?;
        if !memory.is_empty() {
            write!(f, "_{memory}")?;
        }
        if let Some(place) = place {
            write!(f, "_{}", place.name())?;
        }
        if !detail.is_empty() {
            write!(f, "_{}", slug(detail, 60))?;
        }
        Ok(())
    }
}

impl fmt::Display for Signature {
    /// Lower-case letters, digits, dots and hyphens: fit for a file name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Signature {
            class,
            engine,
            variants,
            subject,
        } = self;
        write!(f, "{class}_{engine}")?;
        for variant in variants {
            write!(f, "-{variant}")?;
        }
        write!(f, "_{subject}")
    }
}

/// Lower case, numbers left out (they are the script's, not the divergence's
/// — but for those that are part of a word, as in `i32`), and everything that
/// is neither letter, digit nor dot as one hyphen.
fn slug(text: &str, longest: usize) -> String {
    let words = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_'))
        .map(|word| word.trim_matches(|c| c == '.' || c == '_'))
        .filter(|word| !word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_ascii_lowercase);
    let mut slug = String::new();
    for word in words {
        if slug.len() + word.len() + 1 > longest {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word);
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let page = 65_536;
        assert_eq!(Place::of(0, 8, page), Place::Inside);
        assert_eq!(Place::of(page - 8, 8, page), Place::LastByte);
        assert_eq!(Place::of(page - 7, 8, page), Place::FirstBeyond);
        assert_eq!(Place::of(page, 1, page), Place::FirstBeyond);
        assert_eq!(Place::of(page - 1, 8, page), Place::Straddles);
        assert_eq!(Place::of(page + 1, 1, page), Place::Beyond);
        assert_eq!(Place::of(1 << 32, 1, page), Place::BeyondU32);
        assert_eq!(Place::of((1 << 64) - 1, 1, page), Place::BeyondU32);
        assert_eq!(Place::of((1 << 64) - 1, 2, page), Place::BeyondU64);
        assert_eq!(Place::of(0, 0, 0), Place::Inside);
        assert_eq!(Place::of(0, 1, 0), Place::FirstBeyond);
    }

    #[test]
    fn a_signature_is_fit_for_a_file_name() {
        let signature = Signature {
            class: crate::judge::Class::AcceptsInvalid,
            engine: "wasmi".to_owned(),
            variants: vec![],
            subject: Subject {
                operation: "module".to_owned(),
                memory: String::new(),
                place: None,
                detail: "memory size must be at most 65536 pages (4GiB): /tmp/x".to_owned(),
            },
        };
        assert_eq!(
            signature.to_string(),
            "accepts-invalid_wasmi_module_memory-size-must-be-at-most-pages-tmp-x"
        );
    }
}
