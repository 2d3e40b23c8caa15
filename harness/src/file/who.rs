//! Which configurations of an engine diverge, and what a signature calls them.

use crate::judge::Class;
use crate::trial::{Judged, Verdict};

/// The configurations of `engine` that diverge in `class`, and the short names
/// of these for a signature: a compiler where all its configurations do that
/// can run the script, the configuration where only that one does,
/// `compiler-some` where several but not all do, and nothing at all where
/// every configuration does. So another configuration of a compiler that
/// behaves like its others changes no signature.
pub(super) fn who_diverges(
    judged: &[Judged],
    engine: &str,
    class: Class,
) -> (Vec<String>, Vec<String>) {
    let mut configurations = Vec::new();
    // Each compiler with how many can run the script, and which diverge.
    let mut compilers: Vec<(&str, usize, Vec<&str>)> = Vec::new();
    for judged in judged {
        let Some((of, variant)) = judged.configuration.split_once('/') else {
            continue;
        };
        if of != engine || matches!(judged.verdict, Verdict::Unsupported(_)) {
            continue;
        }
        let compiler = variant.split('+').next().unwrap_or(variant);
        let at = compilers
            .iter()
            .position(|(name, ..)| *name == compiler)
            .unwrap_or_else(|| {
                compilers.push((compiler, 0, Vec::new()));
                compilers.len() - 1
            });
        compilers[at].1 += 1;
        if matches!(&judged.verdict, Verdict::Diverges(d) if d.class == class) {
            compilers[at].2.push(variant);
            configurations.push(judged.configuration.clone());
        }
    }
    let all = |able: usize, diverge: &[&str]| able == diverge.len();
    let names = if compilers
        .iter()
        .all(|(_, able, diverge)| all(*able, diverge))
    {
        Vec::new()
    } else {
        compilers
            .iter()
            .filter_map(|(compiler, able, diverge)| match diverge[..] {
                [] => None,
                _ if all(*able, diverge) => Some((*compiler).to_owned()),
                [one] if one != *compiler => Some(one.to_owned()),
                _ => Some(format!("{compiler}-some")),
            })
            .collect()
    };
    (configurations, names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Difference;
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
            calls: 0,
            timing: Timing::default(),
            observation: None,
        };
        let judged: Vec<Judged> = configurations.iter().map(judged).collect();
        let (diverging, names) = who_diverges(&judged, "e", Class::Value);
        assert!(
            diverging
                .iter()
                .all(|name| configurations.contains(&&*format!("{name}!")))
        );
        assert_eq!(who_diverges(&judged, "e", Class::Crash).1, [""; 0]);
        names
    }

    #[test]
    fn the_names_are_as_general_as_what_is_seen() {
        for (configurations, expected) in [
            (&["e/a!", "e/a+x!", "e/b!", "e/b+x?", "f/a"][..], &[][..]),
            (&["e/a!", "e/a+x!", "e/b"], &["a"]),
            (&["e/a!", "e/a+x", "e/b"], &["a-some"]),
            (&["e/a", "e/a+x!", "e/b"], &["a+x"]),
            (&["e/a", "e/a+x!", "e/a+y!", "e/b!"], &["a-some", "b"]),
        ] {
            assert_eq!(names(configurations), expected, "{configurations:?}");
        }
    }
}
