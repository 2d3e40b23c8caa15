//! Judges an engine against what the specification allows.
//!
//! # What a divergence is
//!
//! A script `S` is a sequence of steps. The reference runs it under a budget
//! and gives, for each step `i`, the *allowed* outcomes `A(i)`, and for each
//! memory at a point where it is observed its size and its bytes. An engine
//! gives for each step one outcome `G(i)`, and its own sizes and bytes.
//!
//! * The engine **conforms** if `G(i)` is in `A(i)` for every step and every
//!   observed memory has the specified size and bytes.
//! * It **diverges** at the first step `i` where that is not so, unless the
//!   specification leaves the difference open (below), or a resource was
//!   exhausted before. What comes after step `i` is not compared: the two
//!   machines are in different states.
//! * An outcome that says that the engine's resources or its own documented
//!   limits did not suffice is a **limit**, and one that says that it lacks a
//!   feature, as its configuration declares, is **unsupported**. Neither is a
//!   divergence.
//! * What the reference cannot decide is **skipped**, for a named reason.
//!
//! `A(i)` has more than one outcome where the specification leaves a choice:
//!
//! * `memory.grow` may fail for lack of resources at any time. A difference
//!   that vanishes when a grow that was free to fail ends the other way is no
//!   divergence (`open`).
//! * The sign and the payload of a NaN that an arithmetic instruction makes are
//!   open within limits; what depends on them is not compared (`open`).
//! * A trap has no kind in the specification. Kinds are compared where the
//!   official suite asserts their messages; where several causes apply at the
//!   same time, each of their kinds is allowed.
//! * Exhaustion of the call stack is never compared.
//! * Threads may interleave in many ways. The reference gives all joint outcomes
//!   that the threads proposal allows, and an engine's has to be one of them (`threads`).
//!
//! # The rooms
//!
//! `compare` finds the first difference of two observations, `open` decides
//! whether the specification leaves it open, `verdict` puts these together,
//! `never` says why no execution of threads gives an outcome, `class` names the ways to diverge, `severity` says what was reached, `signature` and `subject` describe a
//! divergence in words, and `section` says which section of the specification
//! it is about. Which divergences are one *bug* is not decided here, but by
//! [`triage`](crate::triage).

mod class;
mod compare;
mod limits;
mod lost;
mod never;
mod open;
mod section;
mod severity;
mod signature;
mod subject;
mod threads;
mod verdict;

pub use class::Class;
pub use compare::{
    BothBytes, Compared, Comparison, Difference, MemoryDifference, Nans, Stop, compare,
    compare_but_for, describe,
};
pub use limits::names_a_limit;
pub use never::Never;
pub use section::{OF_THREADS, Section, section_of};
pub use severity::Severity;
pub use signature::{Place, Signature, Subject};
pub use subject::subject;
pub(crate) use subject::{memory_kind, panic_words, same_words};
pub use threads::{compare_joint, which_joint};
pub(crate) use verdict::judge;
pub use verdict::{GROW_MAY_FAIL, Judged, Verdict, captures};
