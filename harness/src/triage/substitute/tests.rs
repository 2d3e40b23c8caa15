//! Substitutions on generated scripts: the meaning is preserved.

mod faults;

use super::*;
use crate::engine::reference;
use crate::generate;
use crate::observation::Watch;

/// What became of the substitutions of many cases.
#[derive(Debug, Default)]
struct Tally {
    cases: u32,
    substituted: u32,
    preserved: u32,
    sites: usize,
}

/// Substitutes in generated cases, at the sites that `sites` gives for each,
/// and asserts that the meaning is preserved.
fn try_cases(
    what: Substitution,
    seed: u64,
    cases: std::ops::Range<u64>,
    sites: impl Fn(u64, &Site) -> bool,
) -> Tally {
    let mut tally = Tally::default();
    for index in cases {
        let options = generate::Options::default();
        let script = generate::case(seed, index, &options);
        let watch = Watch::whole(32);
        let job = Job::new(&script, options.budget, &watch, &[]);
        let run = reference::observe(&job, &reference::Options::default());
        let original = Original {
            job: &job,
            reference: &run,
        };
        tally.cases += 1;
        let substituted = match substitute(&original, what, &|site| sites(index, site)) {
            Ok(substituted) => substituted,
            Err(_) => continue,
        };
        tally.substituted += 1;
        tally.sites += substituted.sites;
        if confirmed(&original, &substituted).is_some() {
            tally.preserved += 1;
        } else {
            println!("{what:?} case {index} of seed {seed} is not preserved");
        }
    }
    println!("{what:?}: {tally:?}");
    tally
}

/// Some sites, by chance.
fn some(index: u64, site: &Site) -> bool {
    let mixed = (index ^ u64::from(site.offset) << 20 ^ (site.step as u64) << 50)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed >> 62 == 0
}

#[test]
fn every_substitution_preserves_the_meaning() {
    for (seed, &what) in (100..).zip(Substitution::ALL) {
        if what == Substitution::Effects {
            continue;
        }
        // Few memories have a maximum that no grow reaches.
        let cases = match what {
            Substitution::NoUnreachableMaximum => 600,
            _ => 80,
        };
        let all = try_cases(what, seed, 0..cases, |_, _| true);
        let some = try_cases(what, seed, cases..2 * cases, some);
        // Those depend on what else the script does, and on its being valid.
        let depends = matches!(
            what,
            Substitution::NoUnreachableMaximum | Substitution::NoMaximum | Substitution::Unshared
        );
        for tally in [all, some] {
            assert!(tally.substituted > 3, "{what:?}: {tally:?}");
            let most = if depends {
                tally.substituted * 3 / 5
            } else {
                tally.substituted
            };
            assert!(tally.preserved >= most, "{what:?}: {tally:?}");
        }
    }
}

#[test]
fn calls_are_left_out_where_nothing_but_memories_change() {
    let every_third = |index: u64, site: &Site| (index + site.step as u64).is_multiple_of(3);
    let some = try_cases(Substitution::Effects, 13, 0..150, every_third);
    assert!(some.substituted > 75, "{some:?}");
    // A global that is looked at later may change as well.
    assert!(some.preserved * 10 > some.substituted * 6, "{some:?}");
}
