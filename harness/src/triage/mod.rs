//! From a divergence to a bug.
//!
//! Two divergences are the same bug when the same change to the program makes
//! both go away. A [substitution](substitute) is such a change: it exchanges an
//! ingredient of a script for another of the same specified meaning. A bug's
//! [cause](crate::corpus::Cause) is a substitution and the accesses it is
//! applied at.
//!
//! * [`attribute`] finds the known bugs that a script shows, by applying their
//!   substitutions to the whole of it, and what is left to be explained.
//! * What no known bug explains is confirmed, reduced, given a cause by
//!   experiment (`cause`, `extent`) and put into the register ([`Filer`]).
//! * `order` chooses which of many sightings are reduced first.

pub mod attribute;
mod cause;
mod confirm;
mod earliest;
mod entry;
mod extent;
mod filer;
mod heal;
mod order;
mod outcome;
pub mod substitute;
mod title;
pub mod truth;
mod who;

pub use attribute::{Attribution, Attributor};
pub use extent::{Row, Sweep, sweep};
pub use filer::Filer;
pub use order::farthest_first;
pub use outcome::{Filed, Nondeterminism};
