//! What `llvm-cov export --format=lcov` writes: the lines of each source file that have
//! code, and how often each was executed.

/// The lines of a source file that have code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) path: String,
    /// Each line, counted from 1, with whether it was reached, in order.
    pub(super) lines: Vec<(u32, bool)>,
}

/// Reads the files whose paths match.
pub(super) fn read(lcov: &str, wanted: impl Fn(&str) -> bool) -> Vec<File> {
    let mut files = Vec::new();
    let mut current: Option<File> = None;
    for line in lcov.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            current = wanted(path).then(|| File {
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

/// Whether a path has a pattern in it, where `*` stands for anything within one name.
pub(super) fn matches(path: &str, pattern: &str) -> bool {
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
}

impl File {
    /// The path below the folder that packages are kept in.
    pub(super) fn name(&self) -> &str {
        let packages = self.path.find("/registry/src/");
        let below = packages.and_then(|at| self.path[at + 14..].split_once('/'));
        below.map_or(&*self.path, |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_files_that_are_asked_for_are_read() {
        let lcov = "SF:/home/x/registry/src/index-1/wasmi_core-2.0.0/src/memory/mod.rs\nFN:3,f\n\
                    DA:3,7\nDA:4,0\nLF:2\nend_of_record\nSF:/home/x/table.rs\nDA:1,0\nend_of_record\n";
        let files = read(lcov, |path| path.contains("/memory/"));
        let [file] = &files[..] else {
            panic!("{files:?}");
        };
        assert_eq!(file.name(), "wasmi_core-2.0.0/src/memory/mod.rs");
        assert_eq!(file.lines, [(3, true), (4, false)]);
    }

    #[test]
    fn a_star_stands_for_a_part_of_one_name() {
        let pattern = "wasmi-*/src/memory/";
        assert!(matches("/a/wasmi-2.0/src/memory/x.rs", pattern));
        assert!(!matches("/a/wasmi-2.0/lib/src/memory/x.rs", pattern));
        assert!(!matches("/a/wasmi-2.0/src/mem.rs", pattern));
    }
}
