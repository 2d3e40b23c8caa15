//! A divergence as a program of its own, against the published crate, or for a JavaScript
//! engine.

mod api;
mod configuration;
mod javascript;
mod names;
mod program;
mod tidy;

use crate::engine::javascript::{how_to_run, is_javascript};
use crate::engine::{Name, engine_of};
use crate::observation::Outcome;
use crate::script::Script;

/// What a program prints before the step that diverges: what comes before it
/// shows nothing.
pub const EXPECTED: &str = "expected: ";

/// A program that shows a divergence, in the order of the script: it prints what is
/// expected of the last step and what the engine does, and exits with 1 if they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standalone {
    /// A cargo package, against the published crate.
    Package {
        /// `Cargo.toml`.
        manifest: String,
        /// `src/main.rs`.
        main: String,
    },
    /// An ES module, for a JavaScript engine. Its variable `wrong` says whether they
    /// differ.
    Module {
        /// The text.
        text: String,
        /// How it is run, in a sentence.
        how: String,
    },
}

impl Standalone {
    /// Its files, by their names.
    pub fn files(&self) -> Vec<(&'static str, String)> {
        match self {
            Standalone::Package { manifest, main } => vec![
                ("Cargo.toml", manifest.clone()),
                ("src/main.rs", main.clone()),
            ],
            Standalone::Module { text, .. } => {
                vec![(MODULE, text.clone()), (PAGE, javascript::page(text))]
            }
        }
    }
}

/// The file of a program for a JavaScript engine, and the page that has it in itself.
const MODULE: &str = "reproduction.mjs";
const PAGE: &str = "reproduction.html";

/// A byte or a size of a memory to look at after the last step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The instance that exports it.
    pub instance: String,
    /// The export.
    pub memory: String,
    /// What is looked at, and what it has to be.
    pub at: LookAt,
}

/// What to look at in a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookAt {
    /// The byte at this address.
    Byte(u64, u8),
    /// The size in bytes.
    Size(u128),
}

/// Whether a configuration can be made in a stand-alone program.
pub(super) fn can_be_made(configuration: &str) -> bool {
    configuration::lines(configuration).is_some() || is_javascript(engine_of(configuration))
}

/// The program for a script on one configuration of an engine (of this version),
/// with what goes wrong in a line.
///
/// # Errors
/// In words, if no such program can be written.
pub(super) fn standalone(
    script: &Script,
    outcomes: &[Outcome],
    look: Option<&Look>,
    configuration: &str,
    version: &str,
    title: &str,
) -> Result<Standalone, String> {
    if let Some(how) = how_to_run(configuration, MODULE, PAGE) {
        let text = javascript::text(script, outcomes, look)?;
        let title = title.replace('\n', " ");
        return Ok(Standalone::Module {
            text: format!("// {title}\n// {configuration}: {how}\n{text}"),
            how,
        });
    }
    let lines = configuration::lines(configuration)
        .ok_or_else(|| format!("{configuration} cannot be made in a few lines"))?;
    let api = api::Api::of(engine_of(configuration), version)
        .ok_or_else(|| format!("{configuration} is of no engine that programs are written for"))?;
    let main = program::text(script, outcomes, look, &api, &lines)?;
    let head = format!(
        "//! {}\n//! {}, {version}. `cargo run` exits with 1 where it goes wrong.\n",
        title.replace('\n', " "),
        Name::parse(configuration).map_or_else(String::new, Name::linked)
    );
    Ok(Standalone::Package {
        manifest: manifest(configuration, version),
        main: head + &main,
    })
}

fn manifest(configuration: &str, version: &str) -> String {
    let engine = engine_of(configuration);
    let compiler = Name::parse(configuration).map_or("", |name| name.compiler);
    let features: &[&str] = match (engine, compiler) {
        ("wasmtime", "winch") => &[
            "std",
            "runtime",
            "cranelift",
            "winch",
            "pooling-allocator",
            "threads",
        ],
        ("wasmtime", "pulley") => &[
            "std",
            "runtime",
            "cranelift",
            "pulley",
            "pooling-allocator",
            "threads",
        ],
        ("wasmtime", _) => &[
            "std",
            "runtime",
            "cranelift",
            "pooling-allocator",
            "threads",
        ],
        ("wasmer", "singlepass") => &["std", "sys", "compiler", "singlepass"],
        ("wasmer", _) => &["std", "sys", "compiler", "cranelift"],
        _ => &["simd"],
    };
    // What wasmi has by default has changed its name.
    let default = if engine == "wasmi" {
        ""
    } else {
        "default-features = false, "
    };
    format!(
        "[package]\nname = \"divergence\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n\
         [dependencies]\nwat = \"1\"\n{engine} = {{ version = \"={version}\", \
         {default}features = {features:?} }}\n\n[workspace]\n"
    )
}
