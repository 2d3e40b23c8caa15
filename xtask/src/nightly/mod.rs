//! The nightly run: a campaign, a replay of the corpus, the test suite and the claims in
//! one report, which can be put together from shards.
//!
//! [`run::Run`] makes the [`report::Report`] of one shard, [`merge`] one of several,
//! [`render`] turns it into what people and other programs read, and [`folder`]
//! writes it all. What past runs have seen is in their [`history`].

pub(crate) mod claims;
pub(crate) mod clock;
pub(crate) mod folder;
pub(crate) mod history;
pub(crate) mod merge;
mod render;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) use render::{STYLE, presentable, thousands};
#[cfg(test)]
mod tests;
