//! What the page and the summary show.

use serde::Serialize;
use trapline_harness::campaign::{Phases, Threads};
use trapline_harness::engine::{engine_of, group};
use trapline_harness::judge::Severity;
use trapline_harness::report::{Bytes, Side, channel};

use super::claims::{self, Claim, Drawing};
use super::coverage::Space;
use super::matrix::{Matrix, Skip, skips};
use super::plot::{Plot, plots};
use super::releases::Releases;
use crate::End;
use crate::nightly::clock;
use crate::nightly::history::{Line, Past};
use crate::nightly::report::{News, Replayed, Report};
use crate::verb::replay::{State, by_compiler};
use crate::verb::spec;

/// A report in the order in which one reads it.
#[derive(Serialize)]
pub(super) struct View<'a> {
    /// `good`, `bad` or `failed`.
    mood: &'static str,
    headline: String,
    date: String,
    lasting: String,
    campaign: String,
    shards: usize,
    interrupted: bool,
    missing: Vec<String>,
    failures: &'a [String],
    news: &'a [News],
    private_news: usize,
    line: Line,
    private: usize,
    divergences: Vec<Divergence>,
    matrix: Matrix,
    skips: Vec<Skip>,
    phases: Vec<(&'static str, String)>,
    space: Space,
    threads: Threads,
    new_with_threads: usize,
    states: Vec<(&'static str, usize)>,
    replay: &'a [Replayed],
    releases: Releases,
    suite: Vec<Group>,
    claims: Vec<Claim>,
    memories: Vec<Drawing>,
    plots: Vec<Plot>,
    runs: usize,
}

/// A bug that was met or that is still in the corpus, or what came down to none.
#[derive(Serialize)]
struct Divergence {
    /// Its id.
    name: String,
    title: String,
    severity: Option<Severity>,
    private: bool,
    channel: &'static str,
    status: String,
    /// The status in a word.
    known: &'static str,
    /// Where it is reported.
    link: Option<String>,
    /// Where the specification says otherwise.
    rule: Option<String>,
    new: bool,
    /// Where it was met.
    met: String,
    command: String,
    wast: String,
    sides: Vec<Party>,
}

/// Those who say the same.
#[derive(Serialize)]
struct Party {
    names: Vec<String>,
    verdict: String,
    diverges: bool,
    step: usize,
    expected: String,
    got: String,
    bytes: Vec<Lines>,
}

/// Bytes beside those they should be, in hexadecimal, each with whether it differs.
#[derive(Serialize)]
struct Lines {
    what: String,
    expected: Vec<(String, bool)>,
    got: Vec<(String, bool)>,
}

/// A group of the test suite.
#[derive(Serialize)]
struct Group {
    name: String,
    files: usize,
    rows: Vec<Answers>,
}

/// What configurations that do alike made of a group.
#[derive(Serialize)]
struct Answers {
    name: String,
    passed: u64,
    failed: usize,
    skipped: u64,
    reasons: Vec<String>,
    failures: Vec<String>,
}

impl<'a> View<'a> {
    /// The report, with the runs before it.
    pub(super) fn new(report: &'a Report, past: &Past) -> View<'a> {
        let line = Line::of(report);
        let (mood, headline) = match (report.end(), report.news.len()) {
            (End::Failed, _) => ("failed", "The run failed".to_owned()),
            (_, 0) => ("good", "Nothing new".to_owned()),
            (_, count) => ("bad", format!("{count} new")),
        };
        let divergences = divergences(report);
        View {
            mood,
            headline,
            date: clock::minute(line.began),
            lasting: clock::lasting(line.seconds),
            campaign: campaign(report),
            shards: report.parts.len(),
            interrupted: report.interrupted(),
            missing: match report.is_incomplete() {
                true => report.missing(),
                false => Vec::new(),
            },
            failures: &report.failures,
            news: &report.news,
            private_news: report.news.iter().filter(|news| news.private).count(),
            private: divergences.iter().filter(|d| d.private).count(),
            divergences,
            matrix: Matrix::new(report),
            skips: skips(report),
            phases: phases(&report.phases),
            space: Space::new(report),
            threads: report.threads,
            new_with_threads: report.new_with_threads(),
            states: states(&report.replay),
            replay: &report.replay,
            releases: Releases::new(&report.replay),
            suite: suite(&report.spec),
            claims: claims::claims(report),
            memories: claims::drawings(report),
            plots: plots(past),
            runs: past.lines.len(),
            line,
        }
    }
}

/// What the campaign was, in words.
fn campaign(report: &Report) -> String {
    let asked = &report.asked;
    let mut words = format!("seed {}", asked.seed);
    if let Some(cases) = asked.cases {
        words.push_str(&format!(", {}", self::cases(cases)));
    }
    if let Some(seconds) = asked.seconds {
        words.push_str(&format!(", {} for each shard", clock::lasting(seconds)));
    }
    if !asked.focus.is_empty() {
        words.push_str(&format!(", dwelling on {}", asked.focus.join(", ")));
    }
    let count = asked.engines.len();
    words.push_str(&format!(", {count} configurations"));
    if let Some(swarm) = asked.swarm.filter(|&swarm| swarm < count) {
        words.push_str(&format!(", {swarm} of them for each case"));
    }
    words.push_str(&format!(", on {}, {}", asked.architecture, asked.system));
    words
}

/// What the campaign found and what the corpus still shows: news first, then by severity.
fn divergences(report: &Report) -> Vec<Divergence> {
    let engines: Vec<&str> = report.asked.engines.iter().map(|e| &*e.name).collect();
    let found = report.findings.iter().map(|finding| Divergence {
        channel: channel_of(&finding.configurations, finding.private),
        known: known(&finding.status),
        link: link(&finding.status),
        rule: rule(&finding.wast),
        met: format!(
            "by the campaign: {}, first case {}, on {}",
            cases(finding.cases),
            finding.first_case,
            group(&finding.configurations, &engines)
        ),
        // What was not reduced is not in the corpus.
        command: match known(&finding.status) {
            "unreduced" | "nondeterministic" => String::new(),
            _ => format!("cargo xtask run corpus/{}", finding.file),
        },
        name: finding.name.clone(),
        title: finding.title.clone(),
        severity: finding.severity,
        private: finding.private,
        status: finding.status.clone(),
        new: finding.new,
        wast: code(&finding.wast),
        sides: finding.sides.iter().map(party).collect(),
    });
    let is_found = |replayed: &&Replayed| {
        let name = replayed.name_of_bug();
        report.findings.iter().any(|finding| finding.name == name)
    };
    let open = report.replay.iter().filter(|r| !r.row.diverging.is_empty());
    let open = open.filter(|replayed| !is_found(replayed)).map(|replayed| {
        let private = replayed.row.severity.is_none_or(Severity::is_private);
        Divergence {
            name: replayed.name_of_bug(),
            title: replayed.row.title.clone(),
            severity: replayed.row.severity,
            private,
            channel: channel_of(&replayed.row.diverging, private),
            status: replayed.row.known.clone(),
            known: known(&replayed.row.known),
            link: link(&replayed.row.known),
            rule: rule(&replayed.wast),
            new: report.news.iter().any(|news| news.name == replayed.name()),
            met: "in the corpus, not by the campaign".to_owned(),
            command: format!("cargo xtask run corpus/{}", replayed.row.file.display()),
            wast: code(&replayed.wast),
            sides: replayed.sides.iter().map(party).collect(),
        }
    });
    let mut all: Vec<Divergence> = found.chain(open).collect();
    all.sort_by(|a, b| (!a.new, a.severity, &a.name).cmp(&(!b.new, b.severity, &b.name)));
    all
}

fn channel_of(configurations: &[String], private: bool) -> &'static str {
    let first = configurations.first().map(|name| engine_of(name));
    channel(first.unwrap_or_default(), private)
}

pub(super) fn link(status: &str) -> Option<String> {
    let at = status.find("https://")?;
    Some(status[at..].to_owned())
}

/// A status in a word.
fn known(status: &str) -> &'static str {
    let words = [
        "reported",
        "intended",
        "fixed",
        "nondeterministic",
        "unreduced",
    ];
    let word = words.into_iter().find(|word| status.starts_with(word));
    word.unwrap_or("not reported")
}

fn cases(count: u64) -> String {
    match count {
        1 => "1 case".to_owned(),
        count => format!("{count} cases"),
    }
}

/// A script without the comment before it, whose contents are shown by themselves.
fn code(wast: &str) -> String {
    let lines = wast.lines().skip_while(|line| line.starts_with(";;"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The link to the specification in the comment before a script.
fn rule(wast: &str) -> Option<String> {
    let mut header = wast.lines().map_while(|line| line.strip_prefix(";;"));
    header
        .find_map(|line| line.trim().strip_prefix("https://webassembly.github.io/"))
        .map(|rest| format!("https://webassembly.github.io/{rest}"))
}

fn party(side: &Side) -> Party {
    let difference = side.difference.as_ref();
    let words = by_compiler(&side.configurations);
    Party {
        names: words.lines().map(str::to_owned).collect(),
        verdict: side.verdict.clone(),
        diverges: difference.is_some(),
        step: difference.map_or(0, |d| d.step + 1),
        expected: difference.map_or_else(String::new, |d| d.expected.clone()),
        got: difference.map_or_else(String::new, |d| d.got.clone()),
        bytes: difference.map_or_else(Vec::new, |d| d.bytes.iter().map(lines).collect()),
    }
}

fn lines(bytes: &Bytes) -> Lines {
    let marked = |these: &[u8], those: &[u8]| {
        let pairs = these.iter().zip(those);
        pairs
            .map(|(this, that)| (format!("{this:02x}"), this != that))
            .collect()
    };
    Lines {
        what: bytes.what.clone(),
        expected: marked(&bytes.expected, &bytes.got),
        got: marked(&bytes.got, &bytes.expected),
    }
}

/// Where the time went, in percent.
fn phases(phases: &Phases) -> Vec<(&'static str, String)> {
    let Phases {
        generate,
        reference,
        compile,
        instantiate,
        call,
        read_back,
        teardown,
        transport,
        judge,
        attribute,
    } = *phases;
    let all = [
        ("compiling", compile),
        ("instantiating", instantiate),
        ("calls", call),
        ("stores made and dropped", teardown),
        ("memories read back", read_back),
        ("to and from the workers", transport),
        ("the reference", reference),
        ("generating", generate),
        ("judging", judge),
        ("known bugs, and what is behind them", attribute),
    ];
    let sum = all.iter().map(|(_, time)| time).sum::<u64>().max(1);
    all.map(|(name, time)| (name, format!("{:.1}", 100.0 * time as f64 / sum as f64)))
        .into()
}

fn states(replay: &[Replayed]) -> Vec<(&'static str, usize)> {
    let states = [
        State::Regressed,
        State::New,
        State::Changed,
        State::Wrong,
        State::Fixed,
        State::Open,
        State::Conforms,
        State::Untried,
    ];
    let count = |state| replay.iter().filter(|r| r.row.state == state).count();
    let counts = states.map(|state| (state.name(), count(state)));
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

fn suite(rows: &[spec::Row]) -> Vec<Group> {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&&*row.group) {
            names.push(&row.group);
        }
    }
    let group = |name: &str| {
        let of = || rows.iter().filter(|row| row.group == name);
        Group {
            name: name.to_owned(),
            files: of().map(|row| row.files).max().unwrap_or(0),
            rows: spec::alike(of()).iter().map(|rows| answers(rows)).collect(),
        }
    };
    names.into_iter().map(group).collect()
}

fn answers(rows: &[&spec::Row]) -> Answers {
    let row = rows[0];
    let names: Vec<String> = rows.iter().map(|row| row.engine.clone()).collect();
    Answers {
        name: by_compiler(&names).replace('\n', ", "),
        passed: row.passed,
        failed: row.failed,
        skipped: row.skipped.values().sum(),
        reasons: row
            .skipped
            .iter()
            .map(|(reason, count)| format!("{count} {reason}"))
            .collect(),
        failures: row.failures.iter().map(ToString::to_string).collect(),
    }
}
