//! Programs of several threads: the exact set of what is allowed.

#[path = "../text/mod.rs"]
mod text;

mod axioms;
mod genmc;
mod grow;
mod program;
mod queue;
