//! Substitutions: edits of a whole script that leave what it means and exchange
//! one ingredient.
//!
//! Where an engine diverges at a script and not at the substituted one, the
//! ingredient that was exchanged is part of the cause. So a substitution tells
//! what a divergence is about, whether it is the bug that is known already, and
//! lets a case go on behind a bug: with the ingredient exchanged, to its end.
//!
//! # What is preserved
//!
//! The steps of the old script have their counterparts in the new one
//! ([`Substituted::steps`]), with the same specified outcomes, and the memories
//! that the old script shows end with the same bytes. Where a substitution
//! emulates a trap, its kind becomes `unreachable`. Whether all this is so is
//! not believed but tried: [`preserves`] compares two runs of the reference.
//!
//! # How it is done
//!
//! On the binary (`parts`, `code`); what is not touched keeps its bytes. A
//! substitution is a file, with the condition under which it preserves the
//! meaning on its first page. Scripts with threads are left alone: the accesses
//! of one may be observed by another half done.

mod address;
mod bytes;
mod code;
mod draft;
mod effects;
mod embedder;
mod grow;
mod instances;
mod instruction;
mod memory_op;
mod memory_type;
mod parts;
mod preserves;
mod segments;
#[cfg(test)]
mod tests;

use std::fmt;

use trapline_reference::CodePlace;

use crate::engine::Job;
use crate::engine::reference::ReferenceRun;
use crate::script::{Script, Step};
use draft::Draft;
use instruction::{access, address as addressing, alone, bulk, size};

pub use preserves::{confirmed, preserves};

/// Where something stands that can be substituted: a memory instruction, a data
/// segment or the type of a memory in a module of the script, or a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site {
    /// The step: the one that defines the module, or the call.
    pub step: usize,
    /// Its first byte in the binary of the module; 0 for a call.
    pub offset: u32,
}

impl Site {
    /// The site that the trace of the reference speaks of.
    pub fn of(place: CodePlace) -> Site {
        Site {
            step: place.module as usize,
            offset: place.offset,
        }
    }
}

/// A script, with what the reference says to it.
#[derive(Clone, Copy)]
pub struct Original<'a> {
    /// The script and its budget.
    pub job: &'a Job<'a>,
    /// A run with a trace.
    pub reference: &'a ReferenceRun,
}

impl Original<'_> {
    fn script(&self) -> &Script {
        self.job.script
    }
}

/// A script with an ingredient exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substituted {
    /// The new script.
    pub script: Script,
    /// For each step of the new script, the step of the old one that it stands
    /// for: whose outcome it has. `None` for a step that was added. A step of
    /// the old script that nothing stands for was replaced by others.
    pub steps: Vec<Option<usize>>,
    /// How many sites were replaced.
    pub sites: usize,
    /// Whether traps may be of another kind.
    pub emulates_traps: bool,
}

impl Substituted {
    /// The step that stands for a step of the old script. For one that was
    /// replaced, the last of those that were put in its place, or came before.
    pub fn step(&self, old: usize) -> usize {
        let exact = self.steps.iter().position(|&step| step == Some(old));
        let later = || {
            let next = |step: &Option<usize>| step.is_some_and(|step| step > old);
            let at = self.steps.iter().position(next);
            at.unwrap_or(self.steps.len()).saturating_sub(1)
        };
        exact.unwrap_or_else(later)
    }
}

/// Why a substitution was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSubstituted {
    /// Nothing that it is about stands at any of the sites.
    NoSite,
    /// The script starts threads.
    Threads,
    /// What would have to be emulated is too much: so many bytes.
    TooMuch {
        /// How many.
        bytes: u128,
    },
    /// A memory that would have to be read or written cannot be named.
    HiddenMemory,
}

impl fmt::Display for NotSubstituted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotSubstituted::NoSite => f.write_str("nothing to substitute"),
            NotSubstituted::Threads => f.write_str("the script starts threads"),
            NotSubstituted::TooMuch { bytes } => write!(f, "{bytes} bytes are too many to emulate"),
            NotSubstituted::HiddenMemory => f.write_str("a memory that cannot be named"),
        }
    }
}

/// Edits the draft at the sites: how many there were.
type Edit = fn(&Original<'_>, &dyn Fn(&Site) -> bool, &mut Draft) -> Result<usize, NotSubstituted>;

macro_rules! substitutions {
    ($($variant:ident $name:literal $edit:path, $traps:literal, $about:literal;)*) => {
        /// An ingredient, and what takes its place.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Substitution {$(
            #[doc = $about]
            $variant,
        )*}

        impl Substitution {
            /// All of them: those first that change least.
            pub const ALL: &[Substitution] = &[$(Substitution::$variant),*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {$(Substitution::$variant => $name,)*}
            }

            /// What it does, in a few words.
            pub fn about(self) -> &'static str {
                match self {$(Substitution::$variant => $about,)*}
            }

            /// Whether traps of the new script may be of another kind.
            pub fn emulates_traps(self) -> bool {
                match self {$(Substitution::$variant => $traps,)*}
            }

            /// What it is made at, wherever that shows later, if it is made of what grows
            /// memories or tells their size.
            pub(super) fn is_made_at(self) -> Option<&'static [&'static str]> {
                match self {
                    Substitution::GrowChecked | Substitution::GrowResult | Substitution::GrowContents => {
                        Some(&["host.grow", "memory.grow"])
                    }
                    Substitution::ConstantSize | Substitution::SizeByEmbedder => {
                        Some(&["host.size", "memory.size"])
                    }
                    _ => None,
                }
            }

            fn edit(self) -> Edit {
                match self {$(Substitution::$variant => $edit,)*}
            }
        }
    };
}

// The finest first: what exchanges more comes behind what it contains, so that
// the first that heals says most.
substitutions! {
    Alone "alone" alone::alone, false, "the instruction stands in a function of its own";
    InLocal "in-local" alone::in_local, false, "its result is put in a local first";
    OpaqueAddress "opaque-address" addressing::opaque, false, "the address is not known before it runs";
    ConstantAddress "constant-address" addressing::constant, false, "the address is a constant";
    OffsetAdded "offset-added" addressing::offset_added, true, "the static offset is added by instructions";
    Unshared "unshared" memory_type::unshared, false, "memories are not shared";
    Checked "checked" addressing::checked, true, "the bounds are checked by instructions first";
    ZeroExtended "zero-extended" access::zero_extended, true, "the sign is extended by an instruction";
    Integer "integer" access::integer, true, "the float is accessed as an integer";
    Scalar "scalar" access::scalar, true, "the vector is accessed as integers";
    Plain "plain" access::plain, true, "the atomic access is plain ones";
    Bytes "bytes" access::bytes, true, "the bytes are accessed one by one";
    Loop "loop" bulk::looped, true, "the bulk operation is a loop";
    GrowChecked "grow-checked" grow::checked, false, "grows that must fail are not tried";
    GrowResult "grow-result" grow::result, false, "the result of a grow is told by the size";
    GrowContents "grow-contents" grow::contents, false, "the bytes around a grow are stored again";
    NoUnreachableMaximum "no-unreachable-maximum" memory_type::no_unreachable_maximum, false, "memories have no maximum beyond the budget";
    NoMaximum "no-maximum" memory_type::no_maximum, false, "memories have no maximum";
    SegmentByInit "segment-by-init" segments::by_init, false, "the data segment is passive, and memory.init copies it";
    SegmentStored "segment-stored" segments::stored, true, "the bytes of the data segment are stored by instructions";
    Zeroed "zeroed" segments::zeroed, false, "new memories are filled with zeros";
    ConstantSize "constant-size" size::constant, false, "the size is a constant";
    SizeByEmbedder "size-by-embedder" embedder::size, false, "the size is asked through the engine's API";
    GrowByEmbedder "grow-by-embedder" embedder::grow, false, "the memory is grown through the engine's API";
    Embedder "embedder" embedder::substitute, true, "the access is done through the engine's API";
    Effects "effects" effects::substitute, false, "the call's effect on memories is done through the engine's API";
}

impl Substitution {
    /// Finds one by its name.
    pub fn named(name: &str) -> Option<Substitution> {
        let mut all = Self::ALL.iter().copied();
        all.find(|substitution| substitution.name() == name)
    }
}

/// The script with all memories exported, so that they are looked at.
pub(super) fn exposed(script: &Script) -> Script {
    let mut script = script.clone();
    for step in &mut script.steps {
        let Step::Define { wasm, .. } = step else {
            continue;
        };
        let Ok(mut parts) = parts::Parts::of(wasm) else {
            continue;
        };
        for memory in 0..parts.memories.len() {
            parts.memory_export(memory as u32);
        }
        if let Some(new) = parts
            .exports_more()
            .then(|| parts.assemble().ok())
            .flatten()
        {
            *wasm = new;
        }
    }
    script
}

/// Exchanges an ingredient at the given sites.
///
/// # Errors
/// Why nothing was exchanged.
pub fn substitute(
    original: &Original<'_>,
    what: Substitution,
    sites: &dyn Fn(&Site) -> bool,
) -> Result<Substituted, NotSubstituted> {
    let steps = &original.script().steps;
    if steps.iter().any(|step| matches!(step, Step::Thread { .. })) {
        return Err(NotSubstituted::Threads);
    }
    let mut draft = Draft::of(original.script());
    let sites = what.edit()(original, sites, &mut draft)?;
    let (script, steps) = draft.finish();
    Ok(Substituted {
        script,
        steps,
        sites,
        emulates_traps: what.emulates_traps(),
    })
}
