//! Which lines of an engine's memory code the kept inputs reach.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, anyhow};
use trapline_harness::corpus::write_atomically;
use trapline_harness::engine::engine_of;

use crate::table::table;

/// Where an engine has the code of its memories: parts of paths.
const MEMORY: [(&str, &[&str]); 4] = [
    (
        "wasmi",
        &["wasmi_core-*/src/memory/", "wasmi-*/src/memory/"],
    ),
    (
        "wasmtime",
        &[
            "wasmtime-*/src/runtime/memory.rs",
            "wasmtime-*/src/runtime/vm/memory",
            "cranelift-*/src/bounds_checks.rs",
            "cranelift-*/src/translate/heap.rs",
            "winch-codegen-*/src/codegen/bounds.rs",
        ],
    ),
    (
        "wasmer",
        &["wasmer-vm-*/src/memory.rs", "wasmer-vm-*/src/mmap.rs"],
    ),
    // Mutants are the reference.
    (
        "",
        &["reference/src/memory/", "reference/src/machine/memory.rs"],
    ),
];

/// The patterns for the engines of these configurations.
pub(super) fn patterns(names: &[&str]) -> Vec<String> {
    let engines = names.iter().map(|name| engine_of(name));
    let of = |engine: &str| {
        let own = MEMORY.iter().find(|(name, _)| *name == engine);
        own.unwrap_or(&MEMORY[3]).1
    };
    let mut patterns: Vec<String> = engines.flat_map(of).map(|p| (*p).to_owned()).collect();
    patterns.sort();
    patterns.dedup();
    patterns
}

/// The lines of a source file that have code.
#[derive(Debug, PartialEq, Eq)]
struct File {
    path: String,
    /// Each line with whether it was reached, in order.
    lines: Vec<(u32, bool)>,
}

/// Reads what `llvm-cov export --format=lcov` writes, as far as paths match.
fn read(lcov: &str, patterns: &[String]) -> Vec<File> {
    let mut files = Vec::new();
    let mut current: Option<File> = None;
    for line in lcov.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            current = matches(path, patterns).then(|| File {
                path: path.to_owned(),
                lines: Vec::new(),
            });
        } else if let (Some(data), Some(file)) = (line.strip_prefix("DA:"), &mut current) {
            let mut numbers = data.split(',');
            let line = numbers.next().and_then(|n| n.parse().ok());
            if let (Some(line), Some(count)) = (line, numbers.next()) {
                file.lines.push((line, count != "0"));
            }
        } else if line == "end_of_record" {
            files.extend(current.take());
        }
    }
    files
}

/// Whether a path has one of the patterns in it, where `*` stands for anything
/// within one name.
fn matches(path: &str, patterns: &[String]) -> bool {
    patterns.iter().any(|pattern| {
        let mut rest = Some(path);
        let mut parts = pattern.split('*');
        if let Some(first) = parts.next() {
            rest = path.find(first).map(|at| &path[at + first.len()..]);
        }
        for part in parts {
            rest = rest.and_then(|rest| {
                let name = &rest[..rest.find('/').unwrap_or(rest.len())];
                let after = &rest[name.len()..];
                after.strip_prefix(part)
            });
        }
        rest.is_some()
    })
}

impl File {
    fn reached(&self) -> usize {
        self.lines.iter().filter(|(_, reached)| *reached).count()
    }

    /// The lines never reached; those with no other line of code between them
    /// as one range.
    fn never(&self) -> String {
        let mut text = String::new();
        let never = self.lines.chunk_by(|(_, a), (_, b)| a == b);
        for run in never.filter(|run| !run[0].1) {
            let separator = if text.is_empty() { "" } else { ", " };
            let (first, last) = (run[0].0, run[run.len() - 1].0);
            // Writing to a string cannot fail.
            let _ = match first == last {
                true => write!(text, "{separator}{first}"),
                false => write!(text, "{separator}{first}-{last}"),
            };
        }
        text
    }

    /// The path below the folder that packages are kept in.
    fn name(&self) -> &str {
        let packages = self.path.find("/registry/src/");
        let below = packages.and_then(|at| self.path[at + 14..].split_once('/'));
        below.map_or(&*self.path, |(_, name)| name)
    }
}

/// Prints how many lines are reached in each file that matches, and writes
/// which are not to `out`.
///
/// # Errors
/// No file matches, or `out` cannot be written.
pub(super) fn report(lcov: &str, patterns: &[String], out: &Path) -> anyhow::Result<()> {
    let files = read(lcov, patterns);
    let (mut reached, mut all) = (0, 0);
    let mut shown = table(&["file", "lines reached", "of"]);
    let mut text = String::from("# Lines reached / with code, and those never reached.\n");
    for file in &files {
        reached += file.reached();
        all += file.lines.len();
        let counts = [file.reached(), file.lines.len()].map(|n| n.to_string());
        let [own, of] = &counts;
        shown.add_row([file.name(), own, of]);
        let _ = writeln!(text, "{own}/{of} {}", file.name());
        match file.never() {
            never if never.is_empty() => {}
            never => {
                let _ = writeln!(text, "    never: {never}");
            }
        }
    }
    if all == 0 {
        return Err(anyhow!(
            "no file was run that matches {}",
            patterns.join(" ")
        ));
    }
    println!("{shown}");
    println!(
        "{reached} of {all} lines reached; those that were not are in {}",
        out.display()
    );
    write_atomically(out, text.as_bytes()).map_err(|why| anyhow!("{why}"))
}

/// Reads a file written by `llvm-cov`.
pub(super) fn text(bytes: Vec<u8>) -> anyhow::Result<String> {
    String::from_utf8(bytes).context("llvm-cov: it does not write text")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LCOV: &str = "SF:/home/x/registry/src/index-1/wasmi_core-2.0.0/src/memory/mod.rs
FN:3,f
DA:3,7
DA:4,0
DA:6,0
DA:7,1
DA:9,0
LF:5
end_of_record
SF:/home/x/wasmi_core-2.0.0/src/table/mod.rs
DA:1,0
end_of_record
";

    #[test]
    fn lines_of_matching_files_are_counted_and_the_others_told_as_ranges() {
        let files = read(LCOV, &patterns(&["wasmi/eager", "wasmi/lazy"]));
        let [file] = &files[..] else {
            panic!("{files:?}");
        };
        assert_eq!(file.name(), "wasmi_core-2.0.0/src/memory/mod.rs");
        assert_eq!((file.reached(), file.lines.len()), (2, 5));
        assert_eq!(file.never(), "4-6, 9");
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        report(LCOV, &["mod.rs".to_owned()], &out).unwrap();
        let text = std::fs::read_to_string(out).unwrap();
        assert!(text.contains("2/5 wasmi_core-2.0.0/src/memory/mod.rs\n    never: 4-6, 9\n0/1 "));
        let error = report(LCOV, &["none".to_owned()], Path::new("x")).unwrap_err();
        assert_eq!(error.to_string(), "no file was run that matches none");
    }

    #[test]
    fn a_star_stands_for_a_part_of_one_name() {
        let matches = |path, pattern: &str| matches(path, &[pattern.to_owned()]);
        assert!(matches(
            "/a/wasmi-2.0/src/memory/x.rs",
            "wasmi-*/src/memory/"
        ));
        assert!(!matches(
            "/a/wasmi-2.0/lib/src/memory/x.rs",
            "wasmi-*/src/memory/"
        ));
        assert!(!matches("/a/wasmi-2.0/src/mem.rs", "wasmi-*/src/memory/"));
        assert_eq!(
            patterns(&["mutant/bound-short"])[1],
            "reference/src/memory/"
        );
    }
}
