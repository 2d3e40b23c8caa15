//! Lists of configurations for people: those of one engine or one compiler together.

use super::Name;

/// `names`, in as few words as it takes, in the order of `among`, which are all there
/// are: an engine of which no configuration is missing, a compiler of which none is
/// missing, and the others by name. What is not `among` them comes last, as it is.
///
/// ```
/// use trapline_harness::engine::group;
/// let all = ["a/x", "a/x+slow", "a/y", "b/x", "b/x+slow", "b/y"];
/// assert_eq!(group(&["a/x", "a/x+slow", "a/y"], &all), "a: all 3");
/// assert_eq!(group(&["a/y", "b/x", "b/x+slow"], &all), "a/y, b/x (all 2)");
/// ```
pub fn group(names: &[impl AsRef<str>], among: &[impl AsRef<str>]) -> String {
    let among: Vec<&str> = among.iter().map(AsRef::as_ref).collect();
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    let mut words = Vec::new();
    for whole in parts(&among, engine) {
        if let Some(all) = all(&whole, &names) {
            words.push(format!("{}: {all}", engine(whole[0])));
            continue;
        }
        for whole in parts(&whole, compiler) {
            match all(&whole, &names) {
                Some(all) => words.push(format!("{} ({all})", compiler(whole[0]))),
                None => words.extend(
                    whole
                        .iter()
                        .filter(|name| names.contains(name))
                        .map(ToString::to_string),
                ),
            }
        }
    }
    let strange = names.iter().filter(|name| !among.contains(name));
    words.extend(strange.map(ToString::to_string));
    words.join(", ")
}

/// As [`group`], behind a list that has named `named` already: `all other 36` where
/// these are all that is left.
///
/// ```
/// use trapline_harness::engine::group_others;
/// let all = ["a/x", "a/x+slow", "a/y", "b/x"];
/// assert_eq!(group_others(&["a/x", "a/x+slow", "b/x"], &all, &["a/y"]), "all other 3");
/// assert_eq!(group_others(&["a/x", "a/x+slow"], &all, &["a/y"]), "a/x (all 2)");
/// ```
pub fn group_others(
    names: &[impl AsRef<str>],
    among: &[impl AsRef<str>],
    named: &[impl AsRef<str>],
) -> String {
    let is_named = |name: &&str| named.iter().any(|n| n.as_ref() == *name);
    let among_all = among.iter().map(AsRef::as_ref);
    let left: Vec<&str> = among_all.filter(|name| !is_named(name)).collect();
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match all(&left, &names) {
        Some(_) if !named.is_empty() && left.len() == names.len() => {
            format!("all other {}", left.len())
        }
        _ => group(&names, among),
    }
}

/// `all N`, if none of several is missing.
fn all(whole: &[&str], names: &[&str]) -> Option<String> {
    let all = whole.len() > 1 && whole.iter().all(|name| names.contains(name));
    all.then(|| format!("all {}", whole.len()))
}

/// The names that are alike in a part, together, in order of the first of each.
fn parts<'n>(names: &[&'n str], part: fn(&str) -> &str) -> Vec<Vec<&'n str>> {
    let mut parts: Vec<Vec<&str>> = Vec::new();
    for name in names {
        match parts.iter_mut().find(|seen| part(seen[0]) == part(name)) {
            Some(seen) => seen.push(name),
            None => parts.push(vec![name]),
        }
    }
    parts
}

/// The engine with its version.
fn engine(name: &str) -> &str {
    Name::parse(name).map_or(name, |its| &name[..name.len() - its.variant().len() - 1])
}

fn compiler(name: &str) -> &str {
    name.split('+').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 7] = [
        "a/x",
        "a/x+slow",
        "a/y",
        "a@1.2/x",
        "a@1.2/x+slow",
        "b/z",
        "browser@140",
    ];

    #[test]
    fn versions_are_engines_of_their_own() {
        assert_eq!(group(&ALL[..5], &ALL), "a: all 3, a@1.2: all 2");
        assert_eq!(group(&ALL[3..], &ALL), "a@1.2: all 2, b/z, browser@140");
    }

    #[test]
    fn what_is_missing_is_not_said_to_be_there() {
        assert_eq!(group(&ALL[..2], &ALL), "a/x (all 2)");
        assert_eq!(group(&["a/x+slow", "a/y"], &ALL), "a/x+slow, a/y");
        assert_eq!(group(&["c/z", "b/z"], &ALL), "b/z, c/z");
        assert_eq!(group(&ALL[..0], &ALL), "");
    }

    #[test]
    fn others_are_counted_only_where_others_were_named() {
        let none: &[&str] = &[];
        assert_eq!(group_others(&ALL[..3], &ALL[..3], none), "a: all 3");
        assert_eq!(group_others(&ALL[..5], &ALL, &ALL[5..]), "all other 5");
        assert_eq!(
            group_others(&ALL[..4], &ALL, &ALL[5..]),
            "a: all 3, a@1.2/x"
        );
        assert_eq!(group_others(&ALL[6..], &ALL, &ALL[..6]), "browser@140");
    }
}
