//! What a sweep has done so far, on disk: so that it can go on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::space;
use super::tally::Tally;
use super::{Options, Plan};

/// What a sweep is: one that goes on has to be the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// [`space::VERSION`].
    pub space: u32,
    /// [`Plan::digest`], in hexadecimal.
    pub digest: String,
    /// Which part of it, as `1/4`.
    pub shard: String,
    /// Whether large memories run on engines that commit them.
    pub large: bool,
    /// The configurations and their versions.
    pub configurations: Vec<(String, String)>,
}

impl Identity {
    /// A number that is another one for another sweep.
    pub fn digest(&self) -> u64 {
        let bytes = postcard::to_stdvec(self).expect("an identity is plain data");
        xxhash_rust::xxh3::xxh3_64(&bytes)
    }
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Of which sweep.
    pub identity: Identity,
    /// The numbers of the batches that are done, as ranges with their ends.
    done: Vec<(usize, usize)>,
    /// What became of their points, for each configuration.
    pub tallies: Vec<Tally>,
}

/// The name of the file.
const FILE: &str = "sweep-state.json";

impl State {
    /// Nothing yet.
    pub fn new(plan: &Plan, options: &Options) -> State {
        let named = options.targets.iter();
        let named = named.map(|target| (target.name.clone(), target.version.clone()));
        State {
            identity: Identity {
                space: space::VERSION,
                digest: format!("{:016x}", plan.digest),
                shard: options.shard.to_string(),
                large: options.budget().is_large(),
                configurations: named.collect(),
            },
            done: Vec::new(),
            tallies: vec![Tally::default(); options.targets.len()],
        }
    }

    /// What a sweep of this kind has left in a folder, if there is anything.
    ///
    /// # Errors
    /// One line with the name of the file: what is there cannot be read, or is of another
    /// sweep.
    pub fn resume(folder: &Path, plan: &Plan, options: &Options) -> Result<State, String> {
        let new = State::new(plan, options);
        let file = State::file(folder);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(new),
            Err(why) => return Err(format!("{}: cannot be read: {why}", file.display())),
        };
        let state: State = serde_json::from_str(&text)
            .map_err(|why| format!("{}: is not what a sweep has left: {why}", file.display()))?;
        if let Some(what) = other(&state.identity, &new.identity) {
            return Err(format!(
                "{}: is of a sweep of another {what}",
                file.display()
            ));
        }
        state
            .check(plan, options)
            .map_err(|why| format!("{}: is not what a sweep has left: {why}", file.display()))?;
        Ok(state)
    }

    /// Whether the counts are those of the batches that are done.
    fn check(&self, plan: &Plan, options: &Options) -> Result<(), String> {
        if self.tallies.len() != options.targets.len() {
            return Err("it has not one count for each configuration".to_owned());
        }
        let done = self.done();
        let sizes = done
            .iter()
            .map(|&index| plan.batches.get(index).map(Vec::len));
        let points: usize = sizes
            .sum::<Option<usize>>()
            .ok_or("there is no such batch")?;
        for tally in &self.tallies {
            let counted = tally.total().points();
            if counted != points as u64 {
                return Err(format!(
                    "{counted} points are counted, and {points} are done"
                ));
            }
        }
        Ok(())
    }

    /// Where it stands in a folder.
    pub fn file(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    /// The batches that are done.
    pub fn done(&self) -> BTreeSet<usize> {
        let ranges = self.done.iter();
        ranges.flat_map(|&(first, last)| first..=last).collect()
    }

    /// Counts a batch.
    pub fn add(&mut self, batch: usize, tallies: Vec<Tally>) {
        let at = self.done.partition_point(|&(first, _)| first < batch);
        self.done.insert(at, (batch, batch));
        self.done.dedup_by(|(first, last), (_, before)| {
            let is_next = *before + 1 == *first;
            if is_next {
                *before = *last;
            }
            is_next
        });
        for (tally, more) in self.tallies.iter_mut().zip(tallies) {
            tally.merge(more);
        }
    }

    /// Puts the failing points into an order that does not depend on who was first.
    pub fn sort(&mut self) {
        for tally in &mut self.tallies {
            tally.failing.sort_by(|a, b| a.point.cmp(&b.point));
        }
    }

    /// Writes it, as a whole or not at all.
    ///
    /// # Errors
    /// One line with the name of the file.
    pub fn save(&self, folder: &Path) -> Result<(), String> {
        let text = serde_json::to_vec(self).map_err(|why| format!("a state: {why}"))?;
        crate::corpus::write_atomically(&State::file(folder), &text)
    }
}

/// In what two sweeps differ, if they do.
fn other(one: &Identity, new: &Identity) -> Option<String> {
    let Identity {
        space,
        digest,
        shard,
        large,
        configurations,
    } = new;
    let differ = [
        (one.space != *space || one.digest != *digest, "space"),
        (one.shard != *shard, "shard"),
        (one.large != *large, "choice of --large"),
        (
            one.configurations != *configurations,
            "list of configurations",
        ),
    ];
    let differs = differ.iter().find(|(differs, _)| *differs);
    differs.map(|(_, what)| (*what).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_that_are_done_are_ranges() {
        let identity = Identity {
            space: 1,
            digest: String::new(),
            shard: String::new(),
            large: false,
            configurations: Vec::new(),
        };
        let mut state = State {
            identity,
            done: Vec::new(),
            tallies: Vec::new(),
        };
        for batch in [3, 1, 7, 2, 0, 6] {
            state.add(batch, Vec::new());
        }
        assert_eq!(state.done, [(0, 3), (6, 7)]);
        assert_eq!(state.done(), BTreeSet::from([0, 1, 2, 3, 6, 7]));
    }
}
