//! The fuzz targets: what each makes of its bytes.

use std::str::FromStr;

use arbitrary::Unstructured;

use super::input;
use crate::engine::{self, Budget, Configuration, Features};
use crate::generate::{self, Focus};
use crate::script::Script;

/// The limits of a run: small, since an execution should be short.
pub const BUDGET: Budget = Budget::of(1 << 20);

/// A fuzz target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Scripts of every kind.
    Differential,
    /// Memories that grow, by every way they can.
    GrowLimits,
    /// Accesses around and beyond the end.
    OutOfBounds,
    /// 64-bit addresses.
    Memory64,
    /// Shared memories and atomic instructions.
    SharedMemory,
    /// What the embedder does to memories, between calls and within them.
    HostApi,
    /// Modules of another generator's making.
    Foreign,
    /// Several threads over one shared memory.
    Threads,
    /// Allocators, whose memories fill up.
    Allocator,
    /// The reference alone, against a plain array of bytes.
    Reference,
}

impl Target {
    /// Every target.
    pub const ALL: [Target; 10] = [
        Target::Differential,
        Target::GrowLimits,
        Target::OutOfBounds,
        Target::Memory64,
        Target::SharedMemory,
        Target::HostApi,
        Target::Foreign,
        Target::Threads,
        Target::Allocator,
        Target::Reference,
    ];

    /// The name of its program.
    pub fn name(self) -> &'static str {
        match self {
            Target::Differential => "differential",
            Target::GrowLimits => "grow_limits",
            Target::OutOfBounds => "out_of_bounds",
            Target::Memory64 => "memory64",
            Target::SharedMemory => "shared_memory",
            Target::HostApi => "host_api",
            Target::Foreign => "foreign",
            Target::Threads => "threads",
            Target::Allocator => "allocator",
            Target::Reference => "reference",
        }
    }

    /// What it dwells on; everything, if nothing.
    fn focus(self) -> Option<Focus> {
        match self {
            Target::Differential | Target::Reference => None,
            Target::GrowLimits => Some(Focus::Grow),
            Target::OutOfBounds => Some(Focus::Oob),
            Target::Memory64 => Some(Focus::Memory64),
            Target::SharedMemory => Some(Focus::Shared),
            Target::HostApi => Some(Focus::Host),
            Target::Foreign => Some(Focus::Foreign),
            Target::Threads => Some(Focus::Threads),
            Target::Allocator => Some(Focus::Allocator),
        }
    }

    /// The most bytes of an input for the generator. More of them make scripts
    /// of more calls, not other ones, but for `wasm-smith`: its modules are made
    /// of a part of them.
    pub fn generator_bytes(self) -> usize {
        match self {
            Target::Foreign => 2048,
            _ => 512,
        }
    }

    /// Who its scripts are run on, where engines have been chosen.
    pub(super) fn engines(self, chosen: fn() -> Vec<Configuration>) -> fn() -> Vec<Configuration> {
        match self {
            Target::Reference => || vec![engine::checked()],
            _ => chosen,
        }
    }

    /// The script that an input stands for: the one that it is, or the one that
    /// is generated from it, within these features. The same bytes, the same
    /// script.
    pub fn script(self, bytes: &[u8], features: Features) -> Script {
        if let Some(script) = input::decode(bytes) {
            return script;
        }
        let options = generate::Options {
            focus: self.focus().into_iter().collect(),
            budget: BUDGET,
            features,
        };
        // There is no error that it could give.
        generate::script(&mut Unstructured::new(bytes), &options).unwrap_or_default()
    }
}

/// A name that is no [`Target`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTarget(String);

impl std::fmt::Display for UnknownTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known = Target::ALL.map(Target::name).join(", ");
        write!(f, "unknown target `{}`; known: {known}", self.0)
    }
}

impl std::error::Error for UnknownTarget {}

impl FromStr for Target {
    type Err = UnknownTarget;

    fn from_str(name: &str) -> Result<Target, UnknownTarget> {
        Target::ALL
            .into_iter()
            .find(|target| target.name() == name)
            .ok_or_else(|| UnknownTarget(name.to_owned()))
    }
}
