//! Mutation beside libFuzzer's own.
//!
//! A generator reads its bytes in order: first what becomes of the modules, then
//! one call after the other. Most small changes of early bytes change all that
//! follows, and those of late ones little. So an input is often kept up to some
//! byte and goes on with others: the same modules, called otherwise. And at
//! times all of it is new, since what is random finds what no edge guides to.
//!
//! An input that is a script (`input`) is edited as one; now and then, one that
//! a generator read becomes the script that it stands for.

use std::str::FromStr;

use arbitrary::Unstructured;

use super::input::{decode, encode};
use super::target::{BUDGET, Target};
use crate::engine::Features;
use crate::generate::edit;
use crate::script::Script;

/// Which mutations there are: to compare them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// None: every input is new, and what was reached guides nobody.
    Random,
    /// libFuzzer's own.
    Libfuzzer,
    /// Those, and ours of bytes.
    Bytes,
    /// Those, and ours of scripts.
    Scripts,
}

impl Mutation {
    /// Each with its name.
    const NAMES: [(Mutation, &'static str); 4] = [
        (Mutation::Random, "random"),
        (Mutation::Libfuzzer, "libfuzzer"),
        (Mutation::Bytes, "bytes"),
        (Mutation::Scripts, "scripts"),
    ];
}

impl FromStr for Mutation {
    type Err = String;

    fn from_str(name: &str) -> Result<Mutation, String> {
        let named = Mutation::NAMES.iter().find(|(_, n)| *n == name);
        named.map(|&(mutation, _)| mutation).ok_or_else(|| {
            let known = Mutation::NAMES.map(|(_, name)| name).join(", ");
            format!("unknown mutation `{name}`; known: {known}")
        })
    }
}

/// Mutates the inputs of a target.
pub struct Mutator {
    /// The target.
    pub target: Target,
    /// What its engines declare, together.
    pub features: Features,
    /// In which ways.
    pub mutation: Mutation,
}

impl Mutator {
    /// Turns the first `size` bytes of `data` into an input of at most `max`
    /// bytes; gives its length. Deterministic by `seed`, but for `other`, which
    /// is libFuzzer's own way.
    ///
    /// # Panics
    /// If `max` or `size` is more than there is of `data`.
    pub fn mutate(
        &self,
        data: &mut [u8],
        size: usize,
        max: usize,
        seed: u32,
        other: impl FnOnce(&mut [u8], usize, usize) -> usize,
    ) -> usize {
        let mut random = fastrand::Rng::with_seed(seed.into());
        let edited = match (self.mutation, decode(&data[..size])) {
            (Mutation::Scripts, Some(script)) => self.edited(script, &mut random),
            (Mutation::Scripts, None) if random.u8(..16) == 0 => {
                let script = self.target.script(&data[..size], self.features);
                self.edited(script, &mut random)
            }
            (_, Some(_)) if random.bool() => return other(data, size, max),
            _ => None,
        };
        if let Some(bytes) = edited.filter(|bytes| bytes.len() <= max) {
            data[..bytes.len()].copy_from_slice(&bytes);
            return bytes.len();
        }
        let max = max.min(self.target.generator_bytes());
        let size = size.min(max);
        let kept = match (self.mutation, random.u8(..8)) {
            (Mutation::Random, _) | (Mutation::Bytes | Mutation::Scripts, 0) => 0,
            (Mutation::Bytes | Mutation::Scripts, 1 | 2) => random.usize(..=size),
            _ => return other(data, size, max),
        };
        let length = random.usize(kept..=max);
        random.fill(&mut data[kept..length]);
        length
    }

    /// Makes one input of two, of at most as many bytes as there are of `out`;
    /// gives its length, or 0 where that is left to libFuzzer's own way, as it
    /// is with bytes for the generator. Deterministic by `seed`.
    pub fn cross(&self, first: &[u8], second: &[u8], out: &mut [u8], seed: u32) -> usize {
        let mut random = fastrand::Rng::with_seed(seed.into());
        // libFuzzer asks for this half of the time: too often.
        if self.mutation != Mutation::Scripts || random.u8(..8) != 0 {
            return 0;
        }
        let (Some(first), Some(second)) = (decode(first), decode(second)) else {
            return 0;
        };
        let spliced = edit::splice(&first, &second, &mut Unstructured::new(&some(&mut random)));
        let bytes = encode(&spliced);
        match out.get_mut(..bytes.len()) {
            Some(out) => out.copy_from_slice(&bytes),
            None => return 0,
        }
        bytes.len()
    }

    /// A script with a few edits, as an input; `None` if there is nothing to edit.
    fn edited(&self, mut script: Script, random: &mut fastrand::Rng) -> Option<Vec<u8>> {
        let mut left = random.u8(1..=3);
        for _ in 0..10 {
            let bytes = some(random);
            let edited = edit::edit(&mut script, &mut Unstructured::new(&bytes), BUDGET);
            left -= u8::from(edited.is_some());
            if left == 0 {
                return Some(encode(&script));
            }
        }
        None
    }
}

/// Bytes enough for an edit.
fn some(random: &mut fastrand::Rng) -> [u8; 256] {
    let mut bytes = [0; 256];
    random.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::input::SCRIPT_BYTES;
    use super::*;

    fn mutator(mutation: Mutation) -> Mutator {
        let engines = crate::engine::select(&["mutant/bound-short"]).unwrap();
        Mutator {
            target: Target::Differential,
            features: crate::engine::declared(&engines),
            mutation,
        }
    }

    fn script() -> Script {
        let text = br#"(module (memory 1) (func (export "f") (param i32) (result i32)
            (i32.load (local.get 0)))) (invoke "f" (i32.const 7)) (invoke "f" (i32.const 8))"#;
        crate::script::wast::parse("a.wast", text).unwrap().script
    }

    /// What becomes of an input with each of many seeds, and whether libFuzzer
    /// was asked.
    fn mutated(mutation: Mutation, input: &[u8], max: usize) -> Vec<(Vec<u8>, bool)> {
        let mutator = mutator(mutation);
        let one = |seed| {
            let mut data = vec![7; 5000];
            data[..input.len()].copy_from_slice(input);
            let mut asked = false;
            let other = |_: &mut [u8], size, _| {
                asked = true;
                size
            };
            let length = mutator.mutate(&mut data, input.len(), max, seed, other);
            assert!(length <= max, "{length} > {max}");
            assert!(data[max.max(input.len())..].iter().all(|&byte| byte == 7));
            data.truncate(length);
            (data, asked)
        };
        (0..400).map(one).collect()
    }

    #[test]
    fn a_beginning_is_kept_all_is_new_or_libfuzzer_does_it() {
        let input = [7; 50];
        let (mut new, mut partly, mut theirs) = (0, 0, 0);
        for (data, asked) in mutated(Mutation::Bytes, &input, 80) {
            match (asked, data.iter().take_while(|&&byte| byte == 7).count()) {
                (true, kept) => {
                    assert_eq!((kept, data.len()), (50, 50));
                    theirs += 1;
                }
                (false, 0) => new += 1,
                (false, _) => partly += 1,
            }
        }
        assert!(new > 20 && partly > 50 && theirs > 200);
        let all = |mutation, asked| mutated(mutation, &input, 80).iter().all(|m| m.1 == asked);
        assert!(all(Mutation::Random, false) && all(Mutation::Libfuzzer, true));
    }

    #[test]
    fn scripts_are_edited_and_bytes_become_scripts_now_and_then() {
        let input = encode(&script());
        let edited = mutated(Mutation::Scripts, &input, SCRIPT_BYTES);
        let others = |(data, _): &&(Vec<u8>, bool)| {
            decode(data).is_some_and(|other| other != script() && !other.steps.is_empty())
        };
        assert!(edited.iter().filter(others).count() > 350);
        assert_eq!(edited, mutated(Mutation::Scripts, &input, SCRIPT_BYTES));
        let bytes = crate::generate::case_bytes(1, 1, 300);
        let became = mutated(Mutation::Scripts, &bytes, SCRIPT_BYTES);
        let count = became.iter().filter(others).count();
        assert!((5..100).contains(&count), "{count}");
        // Without room for it they do not.
        assert!(
            !mutated(Mutation::Scripts, &bytes, 300)
                .iter()
                .any(|m| others(&m))
        );
        assert!(
            !mutated(Mutation::Bytes, &bytes, SCRIPT_BYTES)
                .iter()
                .any(|m| others(&m))
        );
    }

    #[test]
    fn hostile_bytes_are_mutated_and_crossed() {
        let mutator = mutator(Mutation::Scripts);
        let good = encode(&script());
        let mut random = fastrand::Rng::with_seed(3);
        for seed in 0..2000 {
            let mut bad = good.clone();
            for _ in 0..=random.usize(..6) {
                let place = random.usize(8..bad.len());
                bad[place] = random.u8(..);
            }
            bad.truncate(random.usize(..=bad.len()));
            let mut out = [0; SCRIPT_BYTES];
            let length = mutator.cross(&bad, &good, &mut out, seed);
            assert!(length == 0 || decode(&out[..length]).is_some());
            let size = bad.len();
            bad.resize(SCRIPT_BYTES, 0);
            let length = mutator.mutate(&mut bad, size, SCRIPT_BYTES, seed, |_, size, _| size);
            assert!(length <= SCRIPT_BYTES);
        }
    }

    #[test]
    fn two_scripts_are_spliced_where_they_fit_and_bytes_are_not() {
        let good = encode(&script());
        let cross = |mutation, first: &[u8], second: &[u8], room| {
            let mutator = mutator(mutation);
            let one = |seed| {
                let mut out = vec![0; room];
                let length = mutator.cross(first, second, &mut out, seed);
                out.truncate(length);
                out
            };
            (0..200)
                .map(one)
                .filter(|out| !out.is_empty())
                .collect::<Vec<_>>()
        };
        let crossed = cross(Mutation::Scripts, &good, &good, SCRIPT_BYTES);
        assert!((5..100).contains(&crossed.len()), "{}", crossed.len());
        for bytes in &crossed {
            assert!(decode(bytes).unwrap().steps.len() > 2);
        }
        assert!(cross(Mutation::Scripts, &good, &good, good.len() / 2).is_empty());
        assert!(cross(Mutation::Scripts, &good, &[7; 90], SCRIPT_BYTES).is_empty());
        assert!(cross(Mutation::Scripts, &[7; 90], &good, SCRIPT_BYTES).is_empty());
        assert!(cross(Mutation::Bytes, &good, &good, SCRIPT_BYTES).is_empty());
    }

    #[test]
    fn mutations_are_found_by_name() {
        for (mutation, name) in Mutation::NAMES {
            assert_eq!(name.parse(), Ok(mutation));
        }
        let error = "none".parse::<Mutation>().unwrap_err();
        assert_eq!(
            error,
            "unknown mutation `none`; known: random, libfuzzer, bytes, scripts"
        );
    }
}
