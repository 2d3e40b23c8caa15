//! One question to a JavaScript engine: a module, in a process of its own.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Launch, browser, table};
use crate::workers::Pattern;

/// What asks a module: its first argument.
const RUN: &str = include_str!("run.mjs");

/// How often a process is looked at.
const TICK: Duration = Duration::from_millis(20);

/// What the function that the ES module `module` exports by default gives, as JSON.
/// It runs in a new process of the engine whose worker is started by `launch`, with the
/// same flags and environment. It takes no arguments, and may be asynchronous. A page is
/// isolated from other origins if `isolated` says so; what is no page always is.
///
/// # Errors
/// In one line: the process does not start, the module throws, the process ends without
/// an answer or has none after `wall`.
pub fn evaluate(
    launch: &Launch,
    module: &str,
    isolated: bool,
    wall: Duration,
) -> Result<String, String> {
    if let Some(page) = &launch.page {
        return browser::ask(launch, page, module, isolated, wall);
    }
    let folder = tempfile::tempdir().map_err(|why| format!("no temporary folder: {why}"))?;
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        let written = std::fs::write(&file, text);
        written.map_err(|why| format!("{}: {why}", file.display()))?;
        Ok::<_, String>(file)
    };
    let (run, case) = (write("run.mjs", RUN)?, write("case.mjs", module)?);
    let (said, complained) = (folder.path().join("out"), folder.path().join("err"));
    let to = |file: &Path| File::create(file).map_err(|why| format!("{}: {why}", file.display()));
    // The program and its flags; what follows is the file of the worker.
    let mut words = launch.command.iter();
    let program = words.next().ok_or("no program is known")?;
    let flags = words.take_while(|word| !word.ends_with(".mjs"));
    let mut child = Command::new(program)
        .args(flags)
        .args([&run, &case])
        .envs(launch.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(to(&said)?)
        .stderr(to(&complained)?)
        .spawn()
        .map_err(|why| format!("{program}: {why}"))?;
    let ended = wait(&mut child, wall).map_err(|why| format!("{program}: {why}"))?;
    let text = |file: &Path| std::fs::read_to_string(file).unwrap_or_default();
    match ended {
        None => Err(format!("no answer after {} s", wall.as_secs())),
        Some(status) if status.success() => Ok(text(&said)),
        Some(status) => Err(match complaint(&text(&complained)) {
            Some(line) => line.to_owned(),
            None => status.to_string(),
        }),
    }
}

/// Waits for the end of a process. One that has not ended after `wall` is killed.
fn wait(child: &mut Child, wall: Duration) -> std::io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + wall;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        sleep(TICK);
    }
}

/// The line of what an engine writes when it ends that says why.
fn complaint(text: &str) -> Option<&str> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let says_why = |line: &&str| line.to_lowercase().contains("error");
    lines().find(says_why).or_else(|| lines().next())
}

/// How the command line asks for the engines of this machine: each version of each, in
/// the configuration that it comes in. Versions are those that the environment variable
/// of an engine names; where it names none, the program in `PATH`.
pub fn here() -> Vec<String> {
    let mut all = Vec::new();
    for engine in &table::TABLE {
        let Some(settings) = engine.settings.first() else {
            continue;
        };
        let named = std::env::var_os(engine.variable).unwrap_or_default();
        let paths = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty());
        let mut releases: Vec<String> = paths
            .map(|path| format!("{}@path:{}", engine.name, path.display()))
            .collect();
        if releases.is_empty() {
            releases.push(engine.name.to_owned());
        }
        let is_here = |release: &String| {
            Pattern::parse(release).is_ok_and(|pattern| super::Installed::find(&pattern).is_ok())
        };
        let releases = releases.into_iter().filter(is_here);
        all.extend(releases.map(|release| format!("{release}/{}", settings.variant)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_why_is_found() {
        let node = "file:///case.mjs:2\n  throw x\n  ^\n\nRangeError: too much\n    at f\n";
        assert_eq!(complaint(node), Some("RangeError: too much"));
        assert_eq!(complaint("\nKilled\nmore"), Some("Killed"));
        assert_eq!(complaint(""), None);
    }

    #[test]
    fn a_program_that_is_not_there_is_told() {
        let launch = Launch::of(Path::new("/nowhere/engine"));
        let why = evaluate(&launch, "", true, Duration::from_secs(1)).unwrap_err();
        assert!(why.starts_with("/nowhere/engine: "), "{why}");
    }
}
