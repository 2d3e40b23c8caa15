//! Between which releases a divergence came and went, with few of them tried.

use semver::Version;

/// What became of a script on a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It diverges, in these words.
    Diverges(String),
    /// It does not.
    Conforms,
    /// The release cannot say, for this reason.
    Skipped(String),
}

impl Tried {
    fn diverges(&self) -> Option<bool> {
        match self {
            Tried::Diverges(_) => Some(true),
            Tried::Conforms => Some(false),
            Tried::Skipped(_) => None,
        }
    }
}

/// What is known of some releases, in order.
#[derive(Clone, Debug)]
pub struct History {
    releases: Vec<(Version, Option<Tried>)>,
    /// Those that cost nothing to try.
    free: Vec<Version>,
}

/// A place where something changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The last release that is still as it was.
    pub from: Version,
    /// The first that is not.
    pub to: Version,
    /// Whether that diverges.
    pub diverges: bool,
    /// The releases between them, which cannot say.
    pub between: Vec<Version>,
}

impl History {
    /// Of these releases, with nothing known.
    pub fn new(mut releases: Vec<Version>) -> History {
        releases.sort();
        releases.dedup();
        History {
            releases: releases
                .into_iter()
                .map(|version| (version, None))
                .collect(),
            free: Vec::new(),
        }
    }

    /// Adds what is known of a release, whether or not it was one of these.
    pub fn learn(&mut self, version: &Version, tried: Tried) {
        match self.releases.binary_search_by(|(v, _)| v.cmp(version)) {
            Ok(at) => self.releases[at].1 = Some(tried),
            Err(at) => self.releases.insert(at, (version.clone(), Some(tried))),
        }
    }

    /// Adds a release of which nothing is known.
    pub fn add(&mut self, version: &Version) {
        if let Err(at) = self.releases.binary_search_by(|(v, _)| v.cmp(version)) {
            self.releases.insert(at, (version.clone(), None));
        }
    }

    /// Adds a release that costs nothing to try: it is tried in any case, and first.
    pub fn prefer(&mut self, version: &Version) {
        self.add(version);
        self.free.push(version.clone());
    }

    /// The release to try next: the newest, the oldest, then by halves wherever
    /// neighbours differ. Where both ends are alike, nothing is looked for between
    /// them. `None` when every change is found.
    pub fn next(&self) -> Option<&Version> {
        let said = |(_, tried): &(Version, Option<Tried>)| tried.as_ref().and_then(Tried::diverges);
        let untried = |at: &usize| self.releases[*at].1.is_none();
        let mut untried_yet = self.releases.iter().filter(|(_, tried)| tried.is_none());
        if let Some((version, _)) = untried_yet.find(|(version, _)| self.free.contains(version)) {
            return Some(version);
        }
        let count = self.releases.len();
        // The ends: the outermost that can say.
        let last = (0..count)
            .rev()
            .find(|&at| said(&self.releases[at]).is_some() || untried(&at))?;
        if untried(&last) {
            return Some(&self.releases[last].0);
        }
        let first = (0..count).find(|&at| said(&self.releases[at]).is_some() || untried(&at))?;
        if untried(&first) {
            return Some(&self.releases[first].0);
        }
        let known: Vec<usize> = (0..count)
            .filter(|&at| said(&self.releases[at]).is_some())
            .collect();
        for pair in known.windows(2) {
            let (low, high) = (pair[0], pair[1]);
            if said(&self.releases[low]) == said(&self.releases[high]) {
                continue;
            }
            let middle = low.midpoint(high);
            let open = (low + 1..high).filter(untried);
            if let Some(at) = open.min_by_key(|at| at.abs_diff(middle)) {
                return Some(&self.releases[at].0);
            }
        }
        None
    }

    /// The changes that are known of, the oldest first.
    pub fn changes(&self) -> Vec<Change> {
        let said = self
            .releases
            .iter()
            .enumerate()
            .filter_map(|(at, (version, tried))| Some((at, version, tried.as_ref()?.diverges()?)));
        let said: Vec<_> = said.collect();
        said.windows(2)
            .filter(|pair| pair[0].2 != pair[1].2)
            .map(|pair| Change {
                from: pair[0].1.clone(),
                to: pair[1].1.clone(),
                diverges: pair[1].2,
                between: self.releases[pair[0].0 + 1..pair[1].0]
                    .iter()
                    .map(|(version, _)| version.clone())
                    .collect(),
            })
            .collect()
    }

    /// What was tried, in order.
    pub fn tried(&self) -> impl Iterator<Item = (&Version, &Tried)> {
        let releases = self.releases.iter();
        releases.filter_map(|(version, tried)| Some((version, tried.as_ref()?)))
    }

    /// The result in a few words: "since 7.1.0, fixed in 7.4.0".
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        let mut said = self.tried().filter_map(|(v, t)| Some((v, t.diverges()?)));
        let Some((oldest, diverges)) = said.next() else {
            return "no release can say".to_owned();
        };
        if diverges {
            words.push(format!("in {oldest} already"));
        }
        for change in self.changes() {
            words.push(match change.diverges {
                true => format!("since {}", change.to),
                false => format!("fixed in {}", change.to),
            });
        }
        match said.last() {
            Some((newest, true)) => words.push(format!("open in {newest}")),
            None if diverges => words.push(format!("open in {oldest}")),
            _ => {}
        }
        match words.is_empty() {
            true => "in no release tried".to_owned(),
            false => words.join(", "),
        }
    }
}

/// The first release of each line, of those that are no candidates of a release
/// and were not withdrawn: `MAJOR` where majors follow each other by the month,
/// else `MAJOR.MINOR`.
pub fn lines<'v>(engine: &str, versions: impl Iterator<Item = &'v Version>) -> Vec<Version> {
    let mut lines: Vec<Version> = Vec::new();
    for version in versions.filter(|version| version.pre.is_empty()) {
        if !lines.iter().any(|first| of_line(engine, first, version)) {
            lines.push(version.clone());
        }
    }
    lines
}

/// Whether two releases are of one line.
pub fn of_line(engine: &str, a: &Version, b: &Version) -> bool {
    a.major == b.major && (engine == "wasmtime" || a.minor == b.minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(count: u64) -> Vec<Version> {
        (0..count).map(|major| Version::new(major, 0, 0)).collect()
    }

    /// Tries until there is nothing to try; how many that took.
    fn run(history: &mut History, state: impl Fn(&Version) -> Tried) -> usize {
        let mut tries = 0;
        while let Some(version) = history.next().cloned() {
            history.learn(&version, state(&version));
            tries += 1;
            assert!(tries < 1000);
        }
        tries
    }

    fn bad(version: &Version, when: bool) -> Tried {
        match when {
            true => Tried::Diverges(version.to_string()),
            false => Tried::Conforms,
        }
    }

    #[test]
    fn a_change_is_found_by_halves() {
        for first_bad in 1..64 {
            let mut history = History::new(versions(64));
            let tries = run(&mut history, |v| bad(v, v.major >= first_bad));
            assert!(tries <= 8, "{tries} for {first_bad}");
            let [change] = &history.changes()[..] else {
                panic!("{:?}", history.changes());
            };
            assert_eq!(change.to.major, first_bad);
            assert_eq!(change.from.major, first_bad - 1);
            assert_eq!(
                history.words(),
                format!("since {first_bad}.0.0, open in 63.0.0")
            );
        }
    }

    #[test]
    fn what_came_and_went_is_found_from_one_release_that_has_it() {
        let mut history = History::new(versions(64));
        history.learn(&Version::new(20, 0, 0), Tried::Diverges(String::new()));
        let tries = run(&mut history, |v| bad(v, (10..40).contains(&v.major)));
        assert!(tries <= 13, "{tries}");
        assert_eq!(history.words(), "since 10.0.0, fixed in 40.0.0");
    }

    #[test]
    fn a_release_that_cannot_say_is_stepped_over_and_named() {
        let mut history = History::new(versions(16));
        run(&mut history, |v| match v.major {
            0 | 7 | 8 | 9 | 15 => Tried::Skipped("cannot be built".to_owned()),
            major => bad(v, major >= 8),
        });
        let [change] = &history.changes()[..] else {
            panic!("{:?}", history.changes());
        };
        assert_eq!((change.from.major, change.to.major), (6, 10));
        let between: Vec<u64> = change.between.iter().map(|v| v.major).collect();
        assert_eq!(between, [7, 8, 9]);
        assert_eq!(history.words(), "since 10.0.0, open in 14.0.0");
    }

    #[test]
    fn what_costs_nothing_is_tried_first() {
        let mut history = History::new(versions(64));
        history.prefer(&Version::new(30, 0, 0));
        history.prefer(&Version::new(30, 0, 5));
        assert_eq!(history.next(), Some(&Version::new(30, 0, 0)));
        run(&mut history, |v| bad(v, *v > Version::new(30, 0, 0)));
        assert_eq!(history.words(), "since 30.0.5, open in 63.0.0");
        assert_eq!(history.tried().count(), 4);
    }

    #[test]
    fn words_for_what_never_changed() {
        let mut never = History::new(versions(4));
        assert_eq!(run(&mut never, |v| bad(v, false)), 2);
        assert_eq!(never.words(), "in no release tried");
        let mut always = History::new(versions(4));
        run(&mut always, |v| bad(v, true));
        assert_eq!(always.words(), "in 0.0.0 already, open in 3.0.0");
        let mut none = History::new(versions(2));
        run(&mut none, |_| Tried::Skipped(String::new()));
        assert_eq!(none.words(), "no release can say");
    }

    #[test]
    fn lines_are_the_first_release_of_each() {
        let all = ["36.0.3", "36.0.4", "37.0.0-rc.1", "37.0.1", "37.1.0"];
        let all: Vec<Version> = all.iter().map(|v| v.parse().unwrap()).collect();
        let firsts = |engine| {
            lines(engine, all.iter())
                .iter()
                .map(Version::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(firsts("wasmtime"), ["36.0.3", "37.0.1"]);
        assert_eq!(firsts("wasmer"), ["36.0.3", "37.0.1", "37.1.0"]);
    }
}
