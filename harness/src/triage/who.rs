//! Which configurations of an engine have a bug, and what the register calls them.

use crate::engine::Name;
use crate::judge::{Judged, Verdict};

/// What [`Bug::shows`] says of the configurations that diverge, of those of the release
/// that `configuration` is of: nothing where all of them do that can run the script, a
/// compiler where all its configurations do, and the names of the others.
///
/// [`Bug::shows`]: crate::corpus::Bug::shows
pub(super) fn who_diverges(judged: &[Judged], configuration: &str) -> Vec<String> {
    let release = Name::parse(configuration).map(Name::release);
    // Each compiler with how many can run the script, and which diverge.
    let mut compilers: Vec<(&str, usize, Vec<&str>)> = Vec::new();
    for judged in judged {
        let Some(name) = Name::parse(&judged.configuration) else {
            continue;
        };
        let (compiler, variant) = (name.compiler, name.variant());
        if Some(name.release()) != release || matches!(judged.verdict, Verdict::Unsupported(_)) {
            continue;
        }
        let at = compilers
            .iter()
            .position(|(name, ..)| *name == compiler)
            .unwrap_or_else(|| {
                compilers.push((compiler, 0, Vec::new()));
                compilers.len() - 1
            });
        compilers[at].1 += 1;
        if judged.divergence().is_some() {
            compilers[at].2.push(variant);
        }
    }
    let all = |able: usize, diverge: &[&str]| able == diverge.len();
    let everywhere = compilers
        .iter()
        .all(|(_, able, diverge)| all(*able, diverge));
    let names = compilers.iter().filter(|_| !everywhere);
    let names = names.flat_map(|(compiler, able, diverge)| match all(*able, diverge) {
        true => vec![*compiler],
        false => diverge.clone(),
    });
    names.map(str::to_owned).collect()
}

/// Adds to what is said of a bug that others have it, too.
pub(super) fn add(shows: &mut Vec<String>, more: &[String]) {
    if shows.is_empty() {
        return;
    }
    if more.is_empty() {
        shows.clear();
        return;
    }
    let compiler = |name: &str| name.split('+').next().unwrap_or(name).to_owned();
    for name in more {
        if !shows.contains(name) && !shows.contains(&compiler(name)) {
            shows.push(name.clone());
        }
    }
    let whole: Vec<String> = shows
        .iter()
        .filter(|name| !name.contains('+'))
        .cloned()
        .collect();
    shows.retain(|name| !name.contains('+') || !whole.contains(&compiler(name)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Class, Difference};
    use crate::observation::Timing;

    /// The names for those of `configurations` that have a `!` behind them.
    fn names(configurations: &[&str]) -> Vec<String> {
        let judged = |name: &&str| Judged {
            configuration: name.trim_end_matches(['!', '?']).to_owned(),
            verdict: match name.chars().last() {
                Some('!') => Verdict::Diverges(Difference {
                    class: Class::Value,
                    step: 0,
                    memory: None,
                    expected: String::new(),
                    got: String::new(),
                }),
                Some('?') => Verdict::Unsupported("simd".to_owned()),
                _ => Verdict::Conforms,
            },
            steps: 0,
            lost: Vec::new(),
            calls: 0,
            timing: Timing::default(),
            observation: None,
        };
        let judged: Vec<Judged> = configurations.iter().map(judged).collect();
        who_diverges(&judged, "e/a")
    }

    #[test]
    fn the_names_are_as_general_as_what_is_seen() {
        for (configurations, expected) in [
            (&["e/a!", "e/a+x!", "e/b!", "e/b+x?", "f/a"][..], &[][..]),
            (&["e/a!", "e/b!", "e@1/a", "e@1/b"], &[]),
            (&["e/a!", "e/a+x!", "e/b"], &["a"]),
            (&["e/a!", "e/a+x", "e/b"], &["a"]),
            (&["e/a", "e/a+x!", "e/b"], &["a+x"]),
            (&["e/a", "e/a+x!", "e/a+y!", "e/b!"], &["a+x", "a+y", "b"]),
        ] {
            assert_eq!(names(configurations), expected, "{configurations:?}");
        }
    }

    #[test]
    fn what_is_added_is_said_once() {
        let added = |shows: &[&str], more: &[&str]| {
            let owned = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
            let mut shows = owned(shows);
            add(&mut shows, &owned(more));
            shows
        };
        assert_eq!(added(&["a+x"], &["a"]), ["a"]);
        assert_eq!(added(&["a"], &["a+x", "b+x"]), ["a", "b+x"]);
        assert_eq!(added(&["a"], &[]), [""; 0]);
        assert_eq!(added(&[], &["a"]), [""; 0]);
    }
}
