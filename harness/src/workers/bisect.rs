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

/// What is known of the releases of an engine, in order.
///
/// Releases form a trunk, the first of each line, with a branch for each line: a fix is
/// often carried back to an older line, and the first release of the next line, which
/// branched off before that, still has the bug.
#[derive(Clone, Debug)]
pub struct History {
    engine: String,
    releases: Vec<(Version, Option<Tried>)>,
    /// Those that cost nothing to try.
    free: Vec<Version>,
}

/// Two releases that can say, with nothing known between them.
struct Neighbours {
    low: usize,
    high: usize,
    kind: Kind,
}

/// What neighbours say of the releases between them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// That nothing has changed, or nothing but in the line of the first.
    Alike,
    /// Something has changed.
    Changed,
    /// Something was fixed in the line of the first, and on the trunk as well.
    Branched,
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
    /// Of these releases of an engine, with nothing known.
    pub fn new(engine: &str, mut releases: Vec<Version>) -> History {
        releases.sort();
        releases.dedup();
        History {
            engine: engine.to_owned(),
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

    /// The release to try next: those that cost nothing, the newest, the oldest,
    /// then by halves wherever neighbours differ. Where both ends are alike, nothing
    /// is looked for between them. `None` when every change is found.
    pub fn next(&self) -> Option<&Version> {
        let untried = |at: &usize| self.releases[*at].1.is_none();
        let mut untried_yet = self.releases.iter().filter(|(_, tried)| tried.is_none());
        if let Some((version, _)) = untried_yet.find(|(version, _)| self.free.contains(version)) {
            return Some(version);
        }
        let count = self.releases.len();
        // The ends: the outermost that can say.
        let counts = |at: &usize| self.diverges(*at).is_some() || untried(at);
        let last = (0..count).rev().find(counts)?;
        if untried(&last) {
            return Some(&self.releases[last].0);
        }
        let first = (0..count).find(counts)?;
        if untried(&first) {
            return Some(&self.releases[first].0);
        }
        self.neighbours().into_iter().find_map(|pair| {
            let Neighbours { low, high, kind } = pair;
            let middle = low.midpoint(high);
            let open = (low + 1..high).filter(untried).filter(|at| match kind {
                Kind::Alike => false,
                Kind::Changed => true,
                Kind::Branched => !self.same_line(*at, low) && !self.same_line(*at, high),
            });
            let at = open.min_by_key(|at| at.abs_diff(middle))?;
            Some(&self.releases[at].0)
        })
    }

    fn diverges(&self, at: usize) -> Option<bool> {
        self.releases[at].1.as_ref().and_then(Tried::diverges)
    }

    fn same_line(&self, a: usize, b: usize) -> bool {
        of_line(&self.engine, &self.releases[a].0, &self.releases[b].0)
    }

    /// The releases that can say, each with the next.
    fn neighbours(&self) -> Vec<Neighbours> {
        let known: Vec<usize> = (0..self.releases.len())
            .filter(|&at| self.diverges(at).is_some())
            .collect();
        let pairs = known.windows(2).map(|pair| {
            let (low, high) = (pair[0], pair[1]);
            let fork = known.iter().find(|&&at| self.same_line(at, low));
            let of = |at: usize| self.diverges(at) == Some(true);
            // A fix in the line of the first, made after that of the second branched off.
            let carried_back =
                !of(low) && !self.same_line(low, high) && fork.is_some_and(|&fork| of(fork));
            let kind = match (of(low) == of(high), carried_back) {
                (true, true) => Kind::Branched,
                (false, false) => Kind::Changed,
                (true, false) | (false, true) => Kind::Alike,
            };
            Neighbours { low, high, kind }
        });
        pairs.collect()
    }

    /// The changes that are known of, the oldest first.
    pub fn changes(&self) -> Vec<Change> {
        let changed = self.neighbours().into_iter();
        let changed = changed.filter(|pair| pair.kind == Kind::Changed);
        let changes = changed.map(|Neighbours { low, high, .. }| Change {
            from: self.releases[low].0.clone(),
            to: self.releases[high].0.clone(),
            diverges: self.diverges(high) == Some(true),
            between: self.releases[low + 1..high]
                .iter()
                .map(|(version, _)| version.clone())
                .collect(),
        });
        changes.collect()
    }

    /// Whether any release diverges.
    pub fn any_diverges(&self) -> bool {
        (0..self.releases.len()).any(|at| self.diverges(at) == Some(true))
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
        let mut fixed = false;
        for change in self.changes() {
            match (change.diverges, fixed, words.last_mut()) {
                (true, ..) => words.push(format!("since {}", change.to)),
                // In an older line, too.
                (false, true, Some(last)) => last.push_str(&format!(" and {}", change.to)),
                (false, ..) => words.push(format!("fixed in {}", change.to)),
            }
            fixed = !change.diverges;
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
mod tests;
