//! What a command writes: to standard output and error, and to the files it was asked for.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, anyhow};
use serde::Serialize;
use trapline_harness::corpus::write_atomically;

/// In this program, `print!` does not panic where the reader of standard output has
/// gone (`… | head -1`): see [`to_stdout`].
macro_rules! print {
    ($($arg:tt)*) => { $crate::output::to_stdout(format_args!($($arg)*), "") };
}

/// As [`print!`], with the end of a line.
macro_rules! println {
    () => { $crate::output::to_stdout(format_args!(""), "\n") };
    ($($arg:tt)*) => { $crate::output::to_stdout(format_args!($($arg)*), "\n") };
}

/// Progress and errors that nobody reads are dropped.
macro_rules! eprint {
    ($($arg:tt)*) => { $crate::output::to_stderr(format_args!($($arg)*), "") };
}

/// As [`eprint!`], with the end of a line.
macro_rules! eprintln {
    () => { $crate::output::to_stderr(format_args!(""), "\n") };
    ($($arg:tt)*) => { $crate::output::to_stderr(format_args!($($arg)*), "\n") };
}

/// The exit status of a program that ended because nobody reads what it writes:
/// that of one that was ended by `SIGPIPE`, which is none of this program's own.
const UNREAD: i32 = 128 + 13;

/// Writes to standard output. Ends the program, quietly, if nobody reads it. (The
/// signal itself stays ignored: a pipe to a worker that died must not end a campaign.)
pub(crate) fn to_stdout(text: Arguments<'_>, end: &str) {
    let mut out = io::stdout().lock();
    let written = out
        .write_fmt(text)
        .and_then(|()| out.write_all(end.as_bytes()));
    match written {
        Ok(()) => {}
        Err(why) if why.kind() == ErrorKind::BrokenPipe => std::process::exit(UNREAD),
        Err(why) => {
            eprintln!("error: standard output: {why}");
            std::process::exit(2);
        }
    }
}

/// Writes to standard error, if anybody reads it.
pub(crate) fn to_stderr(text: Arguments<'_>, end: &str) {
    let mut err = io::stderr().lock();
    let _ = err
        .write_fmt(text)
        .and_then(|()| err.write_all(end.as_bytes()));
}

/// The most columns of a line: those of the terminal, or 100 where there is none.
pub(crate) fn width() -> usize {
    comfy_table::Table::new().width().map_or(100, usize::from)
}

/// Prints a text behind so many spaces, in lines that fit; those behind the first
/// are indented by four more.
pub(crate) fn paragraph(indent: usize, text: &str) {
    for line in wrapped(text, indent, width()) {
        println!("{line}");
    }
}

/// The lines of a paragraph.
fn wrapped(text: &str, indent: usize, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = " ".repeat(indent);
    let mut empty = true;
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        let blank = usize::from(!empty);
        if !empty && line.chars().count() + blank + word.len() > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent + 4)));
            empty = true;
        }
        // A word that fits nowhere is cut.
        while empty && word.len() > 1 && line.chars().count() + word.len() > width {
            let fits = width.saturating_sub(line.chars().count()).max(1);
            let rest = word.split_off(fits.min(word.len() - 1));
            line.extend(word);
            lines.push(std::mem::replace(&mut line, " ".repeat(indent + 4)));
            word = rest;
        }
        if !empty {
            line.push(' ');
        }
        line.extend(word);
        empty = false;
    }
    lines.push(line);
    lines
}

/// Says now, rather than after an hour's work, that a file cannot be written.
pub(crate) fn check_writable(file: &Path) -> anyhow::Result<()> {
    let folder = file
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    tempfile::tempfile_in(folder)
        .map(drop)
        .with_context(|| format!("{}: cannot be written", file.display()))
}

/// Writes `value` to `file`, as a whole or not at all.
pub(crate) fn write_json(file: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    write_atomically(file, text.as_bytes()).map_err(|why| anyhow!("{why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit() {
        assert_eq!(wrapped("a b", 2, 9), ["  a b"]);
        assert_eq!(
            wrapped("one two three", 2, 9),
            ["  one two", "      thr", "      ee"]
        );
        assert_eq!(wrapped("", 2, 9), ["  "]);
        let long = "x".repeat(300);
        let lines = wrapped(&format!("{long} end"), 4, 100);
        assert!(lines.iter().all(|line| line.len() <= 100), "{lines:?}");
        let text: String = lines.iter().map(|line| line.trim()).collect();
        assert_eq!(text.replace(' ', ""), format!("{long}end"));
    }
}
