//! Generates scripts: modules that access linear memory, and calls at its edges.
//!
//! [`script`] turns any bytes into a script; the same bytes always give the
//! same one. [`case`] does so for a numbered case of a campaign.
//!
//! A script tells one story of one to three modules (`case`, `compose`). A module
//! (`module`) is memories (`memory`), segments (`segments`) and functions made
//! of a few shapes (`shape`) that compilers optimise: accesses (`access`), bulk
//! operations (`bulk`), grows and calls (`grow`), at address expressions
//! (`address`) that can be solved for their parameter. So every call (`call`)
//! can put whichever access it likes on whichever edge (`edge`), and one
//! compiled module serves dozens of calls. Some cases go round the cells of the
//! space instead (`aim`, `visit`), so that none is left to chance. Two families
//! make scripts of their own: programs of several threads (`threads`) and allocators
//! (`allocator`). What is there already can be edited as well (`edit`), a script of anybody's making too.

mod access;
mod address;
mod aim;
pub mod allocator;
mod body;
mod bulk;
mod call;
mod case;
mod compose;
mod consume;
mod dice;
mod edge;
pub mod edit;
mod focus;
mod foreign;
mod grow;
mod instruction;
mod invalid;
mod memory;
mod module;
mod profile;
mod segments;
mod shape;
#[cfg(test)]
mod tests;
mod threads;
mod visit;

use arbitrary::Unstructured;

pub use focus::{Focus, UnknownFocus};
pub(crate) use instruction::{instruction_named, lane_instruction_named};

use crate::engine::{Budget, Feature, Features, MEMORY_BYTES};
use crate::script::Script;

/// What to generate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What cases lean to, in turn; everything when empty.
    pub focus: Vec<Focus>,
    /// The limits of the run. Most memories are small whatever they are; with
    /// more than 4 GiB, some cases go to the end of the 32-bit address space
    /// and beyond.
    pub budget: Budget,
    /// The features that modules may use: what the engines declare, together.
    pub features: Features,
}

impl Default for Options {
    /// Everything, in memories of up to 8 GiB.
    fn default() -> Options {
        Options {
            focus: Vec::new(),
            budget: Budget::of(MEMORY_BYTES),
            features: Features::of(&Feature::ALL),
        }
    }
}

/// Turns bytes into a script. Every bytes give one; the more there are, the
/// more calls it has, up to about a hundred.
///
/// # Errors
///
/// None today: bytes that run out read as zero. The type is that of
/// [`arbitrary`], for callers that ask for bytes of their own besides.
pub fn script(bytes: &mut Unstructured<'_>, options: &Options) -> arbitrary::Result<Script> {
    Ok(case::script(&mut dice::Dice::new(bytes), options))
}

/// How many bytes a case of a campaign is made from: enough for the longest.
const CASE_BYTES: usize = 6 << 10;

/// The first `length` of the bytes that case number `index` of the campaign
/// with this seed is made from.
pub fn case_bytes(seed: u64, index: u64, length: usize) -> Vec<u8> {
    let mut bytes = dice::expand(seed, index, length);
    // The first eight are the number that an aim is told by: see `aim`.
    let number = dice::mix(seed).wrapping_add(index).to_le_bytes();
    let first = length.min(number.len());
    bytes[..first].copy_from_slice(&number[..first]);
    bytes
}

/// Case number `index` of the campaign with this seed.
pub fn case(seed: u64, index: u64, options: &Options) -> Script {
    let bytes = case_bytes(seed, index, CASE_BYTES);
    case::script(
        &mut dice::Dice::new(&mut Unstructured::new(&bytes)),
        options,
    )
}
