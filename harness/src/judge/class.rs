//! The classes of divergence, most severe first.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How an engine left the specification. Ordered by severity: what can break
/// the sandbox comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The engine's process died.
    Crash,
    /// The specification says trap; the engine went on.
    MissingTrap,
    /// Bytes are visible that the script never wrote there.
    StaleData,
    /// A memory holds other bytes than the specification says.
    MemoryContents,
    /// A memory has another size than the specification says.
    MemorySize,
    /// A call or a global gave another value.
    Value,
    /// `memory.grow` gave a result that the specification does not allow.
    GrowResult,
    /// The engine's own API broke a rule that its specification has for embedders.
    EmbedderApi,
    /// The engine did not come back in time.
    Hang,
    /// The engine took more memory than a worker may have.
    OutOfMemory,
    /// The engine panicked.
    Panic,
    /// The engine trapped; the specification says go on.
    SpuriousTrap,
    /// The engine ran what is not valid.
    AcceptsInvalid,
    /// The engine turned away what is valid and what it declares to support.
    RejectsValid,
    /// Imports were matched where they should not be, or the reverse.
    Link,
    /// The same script gave different answers on the same engine.
    Nondeterministic,
    /// Both trap, for different reasons.
    TrapKind,
}

impl Class {
    /// All classes, most severe first.
    pub const ALL: [Class; 17] = [
        Class::Crash,
        Class::MissingTrap,
        Class::StaleData,
        Class::MemoryContents,
        Class::MemorySize,
        Class::Value,
        Class::GrowResult,
        Class::EmbedderApi,
        Class::Hang,
        Class::OutOfMemory,
        Class::Panic,
        Class::SpuriousTrap,
        Class::AcceptsInvalid,
        Class::RejectsValid,
        Class::Link,
        Class::Nondeterministic,
        Class::TrapKind,
    ];

    /// Its name in reports and file names.
    pub fn name(self) -> &'static str {
        match self {
            Class::Crash => "crash",
            Class::MissingTrap => "missing-trap",
            Class::StaleData => "stale-data",
            Class::MemoryContents => "memory-contents",
            Class::MemorySize => "memory-size",
            Class::Value => "value",
            Class::GrowResult => "grow-result",
            Class::EmbedderApi => "embedder-api",
            Class::Hang => "hang",
            Class::OutOfMemory => "out-of-memory",
            Class::Panic => "panic",
            Class::SpuriousTrap => "spurious-trap",
            Class::AcceptsInvalid => "accepts-invalid",
            Class::RejectsValid => "rejects-valid",
            Class::Link => "link",
            Class::Nondeterministic => "nondeterministic",
            Class::TrapKind => "trap-kind",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
