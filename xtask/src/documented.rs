//! Every command that the documentation shows is one that the command line takes.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory, Parser};

use crate::Cli;

/// What all commands begin with.
const COMMAND: &str = "cargo xtask";

/// The Markdown files of the repository, each with its text and its path from the top.
fn documents() -> Vec<(String, String)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    collect(&top, &mut files);
    files.sort();
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).expect("a document can be read");
        let path = file.strip_prefix(&top).expect("it is below");
        (path.display().to_string(), text)
    };
    files.into_iter().map(read).collect()
}

/// Adds the Markdown files below a folder, but for what is built or found there.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let entry = entry.expect("an entry of it can be read");
        let (path, name) = (entry.path(), entry.file_name());
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder {
            let is_made = name == "target" || name == ".git" || name == "artifacts";
            if !is_made && !path.ends_with("fuzz/corpus") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
}

/// The commands in the shell blocks of a document, each with the number of its line. A
/// line that ends with a backslash goes on in the next.
fn commands(text: &str) -> Vec<(usize, String)> {
    let mut commands = Vec::new();
    let mut in_shell = false;
    let mut open: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if let Some(language) = line.strip_prefix("```") {
            in_shell = matches!(language, "sh" | "console");
            continue;
        }
        if !in_shell {
            continue;
        }
        let (number, command) = match open.take() {
            Some((number, before)) => (number, format!("{before} {line}")),
            None => (number, line.to_owned()),
        };
        match command.strip_suffix('\\') {
            Some(before) => open = Some((number, before.to_owned())),
            None if command.starts_with(COMMAND) => commands.push((number, command)),
            None => {}
        }
    }
    commands
}

/// The words of a command, as a shell splits it, up to a comment or to what the shell
/// does with its output. Brackets, which say that a part may be left out, are not words.
fn words(command: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in command.chars() {
        match quote {
            Some(mark) if c == mark => quote = None,
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let is_end = |word: &String| {
        word.starts_with('#') || matches!(word.as_str(), "|" | "||" | "&&" | ";" | ">" | ">>")
    };
    let end = words.iter().position(is_end).unwrap_or(words.len());
    words.truncate(end);
    let bare = |word: &String| {
        let word = word.trim_start_matches('[').trim_end_matches(']');
        word.to_owned()
    };
    words.iter().map(bare).collect()
}

#[test]
fn commands_in_shell_blocks_are_parsed() {
    let mut wrong = Vec::new();
    let mut files = Vec::new();
    for (file, text) in documents() {
        for (line, command) in commands(&text) {
            let words = words(&command);
            let arguments = words.iter().skip(2).map(String::as_str);
            let parsed = Cli::try_parse_from(std::iter::once(COMMAND).chain(arguments));
            // Help is no mistake.
            if let Some(why) = parsed.err().filter(clap::Error::use_stderr) {
                wrong.push(format!("{file}:{line}: {command}\n{why}"));
            }
            files.push(file.clone());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for file in ["README.md", "fuzz/README.md", "harness/docs/triage.md"] {
        assert!(files.iter().any(|f| f == file), "{file}: shows no command");
    }
}

/// The pieces of code within a line.
fn spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The long options in a piece of code.
fn options(code: &str) -> impl Iterator<Item = &str> {
    let words = code.split_whitespace();
    words.filter_map(|word| {
        let option = word.trim_start_matches('[').strip_prefix("--")?;
        let end = option.find(|c: char| !c.is_ascii_lowercase() && c != '-');
        Some(&option[..end.unwrap_or(option.len())])
    })
}

/// What is wrong with a verb in the text of a document, and with the options that
/// stand beside it: in the same piece of code, or in the same row of a table of verbs.
fn mistakes(cli: &Command, line: &str) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut verbs = 0;
    for span in spans(line) {
        let rest = span.strip_prefix(COMMAND).and_then(|r| r.strip_prefix(' '));
        let Some(name) = rest.and_then(|rest| rest.split_whitespace().next()) else {
            continue;
        };
        if !name.chars().all(|c| c.is_ascii_lowercase()) {
            continue;
        }
        let Some(verb) = cli.find_subcommand(name) else {
            mistakes.push(format!("there is no verb `{name}`"));
            continue;
        };
        verbs += 1;
        let is_row = verbs == 1 && line.starts_with(&format!("| `{COMMAND} "));
        let beside = spans(line).filter(|other| is_row && other.starts_with("--"));
        for option in std::iter::once(span).chain(beside).flat_map(options) {
            let mut all = verb.get_arguments().filter_map(|a| a.get_long());
            if !all.any(|long| long == option) {
                mistakes.push(format!("`{name}` has no option `--{option}`"));
            }
        }
    }
    mistakes
}

#[test]
fn verbs_and_options_in_the_text_are_those_that_there_are() {
    let cli = Cli::command();
    let mut wrong = Vec::new();
    let mut rows = 0;
    for (file, text) in documents() {
        for (number, line) in (1..).zip(text.lines()) {
            rows += usize::from(line.starts_with("| `cargo xtask "));
            let mistakes = mistakes(&cli, line).into_iter();
            wrong.extend(mistakes.map(|why| format!("{file}:{number}: {why}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows > 0, "no table of verbs was found");
}

#[test]
fn a_mistake_is_told() {
    let cli = Cli::command();
    let none: [&str; 0] = [];
    assert_eq!(
        mistakes(&cli, "see `cargo xtask report FILE [--check]`"),
        none
    );
    assert_eq!(mistakes(&cli, "see `cargo xtask <verb>`"), none);
    assert_eq!(
        mistakes(&cli, "| `cargo xtask diff` | `--time 60s`, `--bogus N` |"),
        ["`diff` has no option `--bogus`"]
    );
    assert_eq!(
        mistakes(&cli, "`cargo xtask dif`"),
        ["there is no verb `dif`"]
    );
    let shown = "```sh\ncargo xtask diff \\\n  --time 60s # a minute\ncargo test\n```\ncargo xtask";
    let commands = commands(shown);
    assert_eq!(commands.len(), 1);
    assert_eq!(commands[0].0, 2);
    assert_eq!(
        words(&commands[0].1),
        ["cargo", "xtask", "diff", "--time", "60s"]
    );
    assert_eq!(words("a 'b c' [--d 1] > e"), ["a", "b c", "--d", "1"]);
}
