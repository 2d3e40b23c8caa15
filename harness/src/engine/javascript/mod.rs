//! JavaScript engines: V8 in Node and Chromium, JavaScriptCore in Bun, SpiderMonkey in
//! Firefox.
//!
//! They are workers in their own language: the ES modules in `worker/`, which are
//! part of this program and written below `target/workers/` when they are needed.
//! A flag of an engine holds for a whole process, so that each configuration has a
//! process of its own. In browsers the worker is a page, see `browser`.
//!
//! What is peculiar to them:
//!
//! * The host is the JavaScript API, with `WebAssembly.Memory` for the built-in
//!   instance. Its classes of errors are stages and traps here; a `RangeError` is an
//!   exhausted stack or a lack of resources.
//! * JavaScript has no numbers that keep the payload of a NaN, and no vectors.
//!   Calls that take or give such values go through small modules that turn them
//!   into integers, so that every bit is compared.
//! * V8 has a flag for the largest memory, which the budget sets; in Chromium it is
//!   set to the default budget when it starts. JavaScriptCore has only its own limit
//!   of 4 GiB, and SpiderMonkey's is not set either: with another budget, a module is
//!   not sent there whose code may grow a memory beyond it.
//! * The API has rules of its own for buffers, errors and `validate`, which are checked
//!   at every step (`worker/rules.mjs`). What breaks one diverges: it is a panic whose
//!   words begin with [`BREACH`].
//! * There is no fuel: a call that does not end is ended with its process.
//! * A script with threads is not run.

pub(crate) mod browser;
mod evaluate;
mod installed;
mod launch;
mod table;

use std::path::Path;

pub use browser::{Browser, Page};
pub use evaluate::{evaluate, here};
pub use installed::Installed;
pub(crate) use installed::launch;
pub use launch::Launch;
pub(crate) use table::how_to_run;

/// What an outcome begins with that broke a rule of the JavaScript API. The rule follows,
/// then a colon and what was seen.
pub const BREACH: &str = "JavaScript API: ";

/// The engines, as the command line calls them.
pub const ENGINES: [&str; 4] = ["node", "bun", "chromium", "firefox"];

/// Whether the engine of this name is one of them.
pub fn is_javascript(engine: &str) -> bool {
    ENGINES.contains(&engine)
}

/// The files of a worker.
const FILES: [(&str, &str); 15] = [
    ("bridge.mjs", include_str!("worker/bridge.mjs")),
    ("bytes.mjs", include_str!("worker/bytes.mjs")),
    ("digest.mjs", include_str!("worker/digest.mjs")),
    ("features.mjs", include_str!("worker/features.mjs")),
    ("frames.mjs", include_str!("worker/frames.mjs")),
    ("host.mjs", include_str!("worker/host.mjs")),
    ("main.mjs", include_str!("worker/main.mjs")),
    ("orphan.mjs", include_str!("worker/orphan.mjs")),
    ("outcomes.mjs", include_str!("worker/outcomes.mjs")),
    ("rules.mjs", include_str!("worker/rules.mjs")),
    ("run.mjs", include_str!("worker/run.mjs")),
    ("serve.mjs", include_str!("worker/serve.mjs")),
    ("store.mjs", include_str!("worker/store.mjs")),
    ("tab.mjs", include_str!("worker/tab.mjs")),
    ("values.mjs", include_str!("worker/values.mjs")),
];

/// Writes the files of a worker to a folder, those that are not there as they are
/// here. Another process may be starting a worker from them: each is there whole
/// or not at all.
fn write_files(folder: &Path) -> Result<(), String> {
    let failed = |why: std::io::Error| format!("{}: {why}", folder.display());
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (name, text) in FILES {
        let file = folder.join(name);
        if std::fs::read_to_string(&file).is_ok_and(|there| there == text) {
            continue;
        }
        let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        std::io::Write::write_all(&mut new, text.as_bytes()).map_err(failed)?;
        new.persist(&file).map_err(|why| failed(why.error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The judge knows a breach by these words, and each rule by its name.
    #[test]
    fn a_worker_says_breaches_as_they_are_read() {
        assert!(include_str!("worker/outcomes.mjs").contains(&format!("`{BREACH}${{words}}`")));
        let rules = include_str!("worker/rules.mjs");
        let broken = rules.split("broken('").skip(1);
        let names: Vec<&str> = broken.filter_map(|rest| rest.split('\'').next()).collect();
        let sections = ["refresh", "grow", "shared", "validate"];
        assert!(!names.is_empty() && names.iter().all(|name| sections.contains(name)));
    }

    #[test]
    fn every_file_of_a_worker_is_written() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine/javascript/worker");
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path()).unwrap();
        let names = |folder: &Path| {
            let files = std::fs::read_dir(folder).unwrap();
            let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
            // The page is no file of a worker, but made for each.
            names.retain(|name| name != "page.html");
            names.sort();
            names
        };
        assert_eq!(names(folder.path()), names(&source));
        // What somebody changed is put right.
        std::fs::write(folder.path().join("main.mjs"), "").unwrap();
        write_files(folder.path()).unwrap();
        let written = std::fs::read_to_string(folder.path().join("main.mjs")).unwrap();
        assert_eq!(written, include_str!("worker/main.mjs"));
    }
}
