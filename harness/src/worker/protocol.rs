//! The protocol between a campaign and its workers.
//!
//! A worker reads requests on its standard input and writes replies on its
//! standard output. Both are frames: a length in bytes (4 bytes, little
//! endian), then so many bytes of a [`Request`] or a [`Reply`], in one of two
//! encodings. The worker chooses: it is asked in the one in which it opens.
//!
//! * [postcard](https://postcard.jamesmunns.com/wire-format): fields in the order
//!   they are declared, unsigned integers as LEB128, signed ones zigzag, strings
//!   and sequences with their length in front, enums with the index of the variant
//!   in front, options as 0 or 1 and the value.
//! * JSON, as serde has it: structs as objects, enums as `{"Variant": …}` or
//!   `"Variant"`, options as `null` or the value. Bytes are strings of hexadecimal
//!   digits, digests too; values of more than 32 bits are strings of decimal digits.
//!   A first frame that begins with `{` is in JSON.
//!
//! Nothing in them is Rust's own, so that a worker can be written in any language,
//! around any engine. One that speaks JSON need not read any module: it is told what
//! each exports, see [`Interface`].
//!
//! 1. The worker opens with [`Reply::Hello`]: which protocol it speaks, and which
//!    configurations of which engine it has. What it says is used.
//! 2. To each [`Request`] it answers one [`Reply::Observed`] per configuration
//!    asked for, in the order asked for, each as soon as it is there. So the
//!    first configuration without an answer is the one a dead worker died of.
//! 3. At the end of its input it exits with status 0.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use super::interface::Interface;
use crate::engine::{Budget, Capture, Configuration, Features, ModuleFacts};
use crate::observation::{Observation, Watch};
use crate::script::Script;

/// Raised with every change of a type that is sent.
pub const VERSION: u32 = 7;

/// The longest frame there is, in bytes; a longer one is garbage.
pub const MAX_FRAME: u32 = 256 << 20;

/// What a campaign asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// A number of the campaign's choice; the replies repeat it.
    pub id: u64,
    /// What to run.
    pub script: Script,
    /// What is known of the modules: for each step of the script one, if it
    /// defines a module.
    pub modules: Vec<Option<ModuleFacts>>,
    /// What they export, for workers that read no modules: as many, or none in
    /// [`Encoding::Postcard`].
    pub interfaces: Vec<Option<Interface>>,
    /// With which limits.
    pub budget: Budget,
    /// Which chunks of large memories to look at.
    pub watch: Watch,
    /// Chunks to hand over byte by byte.
    pub captures: Vec<Capture>,
    /// Whether the script goes on after a call that exhausted the stack.
    pub past_exhaustion: bool,
    /// How often to run it, at most.
    pub runs: u32,
    /// On which configurations.
    pub configurations: Vec<String>,
}

/// What a worker answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The first frame of a worker. Its number in front and the version behind
    /// it stay as they are in every version of the protocol.
    Hello {
        /// [`VERSION`].
        version: u32,
        /// The configurations it can run.
        configurations: Vec<Declared>,
    },
    /// One engine's answer.
    Observed {
        /// The request's number.
        id: u64,
        /// The place of the configuration in the request.
        configuration: u32,
        /// What the engine did; the reason, if it could not be built.
        observation: Result<Observation, String>,
    },
}

/// What a worker says of one of its configurations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// What the worker calls it: `engine/compiler[+option…]`, without a version.
    pub name: String,
    /// The version of the engine.
    pub version: String,
    /// What is unusual about it, in a few words.
    pub about: String,
    /// What it can run.
    pub features: Features,
}

impl From<&Configuration> for Declared {
    fn from(configuration: &Configuration) -> Declared {
        Declared {
            name: configuration.name().to_owned(),
            version: configuration.version().to_owned(),
            about: configuration.about().to_owned(),
            features: configuration.features,
        }
    }
}

/// How messages are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Of the workers in Rust.
    Postcard,
    /// Of those in other languages.
    Json,
}

/// The first frame of a worker in JSON, as far as it is so in every version of the
/// protocol.
#[derive(Deserialize)]
enum Opening {
    Hello { version: u32 },
}

/// Reads the first frame of a worker: the encoding, and what it declares.
///
/// # Errors
/// In words, if it speaks another version of the protocol, or if it is no frame
/// that opens a worker.
pub fn read_hello(from: &mut impl Read) -> io::Result<(Encoding, Vec<Declared>)> {
    let Some(frame) = read_frame(from)? else {
        return Err(garbage("the stream ends before its first frame"));
    };
    let encoding = match frame.first() {
        Some(b'{') => Encoding::Json,
        _ => Encoding::Postcard,
    };
    let version = match encoding {
        Encoding::Postcard => match postcard::take_from_bytes::<(u32, u32)>(&frame) {
            Ok(((0, version), _)) => Some(version),
            _ => None,
        },
        Encoding::Json => serde_json::from_slice(&frame)
            .ok()
            .map(|Opening::Hello { version }| version),
    };
    match version {
        Some(VERSION) => {}
        Some(version) => {
            let why = format!("speaks version {version} of the protocol, not {VERSION}");
            return Err(garbage(&why));
        }
        None => return Err(garbage("a first frame that opens nothing")),
    }
    match encoding.message(&frame)? {
        Reply::Hello { configurations, .. } => Ok((encoding, configurations)),
        Reply::Observed { .. } => Err(garbage("a first frame that opens nothing")),
    }
}

/// Writes one frame in [`Encoding::Postcard`] and flushes.
///
/// # Errors
/// If writing fails, or if the message is longer than [`MAX_FRAME`].
pub fn write(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    Encoding::Postcard.write(to, message)
}

/// Reads one frame in [`Encoding::Postcard`]; `None` at the end of the stream.
///
/// # Errors
/// If reading fails, if the stream ends within a frame, or if the frame is no
/// such message.
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    Encoding::Postcard.read(from)
}

impl Encoding {
    /// Writes one frame and flushes.
    ///
    /// # Errors
    /// If writing fails, or if the message is longer than [`MAX_FRAME`].
    pub fn write(self, to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
        let mut frame = vec![0; 4];
        match self {
            Encoding::Postcard => {
                frame = postcard::to_extend(message, frame).map_err(io::Error::other)?;
            }
            Encoding::Json => serde_json::to_writer(&mut frame, message)?,
        }
        finish(to, frame)
    }

    /// Reads one frame; `None` at the end of the stream.
    ///
    /// # Errors
    /// If reading fails, if the stream ends within a frame, or if the frame is no
    /// such message.
    pub fn read<T: DeserializeOwned>(self, from: &mut impl Read) -> io::Result<Option<T>> {
        let frame = read_frame(from)?;
        frame.map(|frame| self.message(&frame)).transpose()
    }

    /// What a frame is made of.
    fn message<T: DeserializeOwned>(self, frame: &[u8]) -> io::Result<T> {
        match self {
            Encoding::Postcard => match postcard::take_from_bytes(frame) {
                Ok((message, [])) => Ok(message),
                Ok(_) => Err(garbage("a frame longer than its message")),
                Err(why) => Err(garbage(&format!("a frame that is no message: {why}"))),
            },
            Encoding::Json => serde_json::from_slice(frame)
                .map_err(|why| garbage(&format!("a frame that is no message: {why}"))),
        }
    }
}

/// Writes a frame that has room for its length in front.
fn finish(to: &mut impl Write, mut frame: Vec<u8>) -> io::Result<()> {
    let length = u32::try_from(frame.len() - 4)
        .ok()
        .filter(|&length| length <= MAX_FRAME)
        .ok_or_else(|| io::Error::other("a message too long for a frame"))?;
    frame[..4].copy_from_slice(&length.to_le_bytes());
    to.write_all(&frame)?;
    to.flush()
}

fn read_frame(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    let mut have = 0;
    while have < 4 {
        match from.read(&mut length[have..])? {
            0 if have == 0 => return Ok(None),
            0 => return Err(garbage("the stream ends within a frame's length")),
            n => have += n,
        }
    }
    let length = u32::from_le_bytes(length);
    if length > MAX_FRAME {
        return Err(garbage(&format!("a frame of {length} bytes")));
    }
    let mut frame = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut frame)?;
    if frame.len() != length as usize {
        return Err(garbage(&format!(
            "the stream ends {} bytes into a frame of {length}",
            frame.len()
        )));
    }
    Ok(Some(frame))
}

fn garbage(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_and_half_a_frame_does_not() {
        let hello = Reply::Hello {
            version: VERSION,
            configurations: vec![Declared {
                name: "a/b".to_owned(),
                version: "1.2.3".to_owned(),
                about: "one".to_owned(),
                features: Features::of(&[crate::engine::Feature::Simd]),
            }],
        };
        let mut bytes = Vec::new();
        write(&mut bytes, &hello).unwrap();
        assert_eq!(read::<Reply>(&mut &bytes[..]).unwrap(), Some(hello));
        assert_eq!(read::<Reply>(&mut &[][..]).unwrap(), None);
        for cut in 1..bytes.len() {
            assert!(read::<Reply>(&mut &bytes[..cut]).is_err(), "cut at {cut}");
        }
        bytes[4] = 0xff;
        assert!(read::<Reply>(&mut &bytes[..]).is_err());
    }

    #[test]
    fn a_worker_of_another_protocol_is_told_from_one_that_is_no_worker() {
        let why = |frame: &[u8]| {
            let mut bytes = u32::try_from(frame.len()).unwrap().to_le_bytes().to_vec();
            bytes.extend(frame);
            read_hello(&mut &bytes[..]).unwrap_err().to_string()
        };
        // Whatever else its first frame has in that version.
        assert_eq!(
            why(&[0, 4, 7, 7, 7]),
            "speaks version 4 of the protocol, not 7"
        );
        assert_eq!(why(&[1, 6]), "a first frame that opens nothing");
        assert!(why(&[0, 7, 1]).starts_with("a frame that is no message"));
        assert_eq!(
            why(br#"{"Hello":{"version":6,"more":[1]}}"#),
            "speaks version 6 of the protocol, not 7"
        );
        assert_eq!(why(b"{}"), "a first frame that opens nothing");
        assert!(read_hello(&mut &[][..]).is_err());
    }
}
