//! Runs one `.wast` as wasmtime's own tests run theirs: by the crate
//! `wasmtime-wast`, on wasmtime's default configuration with the features that
//! scripts here may use. Exit status: 0 if everything it asserts holds, 1 if
//! something does not.

use std::path::Path;
use std::process::ExitCode;

use wasmtime::{Config, Engine, Result};
use wasmtime_wast::{Async, SpectestConfig, WastContext};

fn main() -> ExitCode {
    let Some(file) = std::env::args_os().nth(1) else {
        eprintln!("which .wast?");
        return ExitCode::from(2);
    };
    match run(Path::new(&file)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why:?}");
            ExitCode::FAILURE
        }
    }
}

/// The one trap that the official suite calls otherwise than wasmtime does,
/// whose runner compares words.
const WORDS: (&str, &str) = (
    "\"expected shared memory\"",
    "\"atomic wait on non-shared memory\"",
);

fn run(file: &Path) -> Result<()> {
    let mut config = Config::new();
    // Off by default, unlike 64-bit addresses, several memories and atomics.
    config.wasm_custom_page_sizes(true).shared_memory(true);
    // No garbage collector is linked in, and none is needed.
    config.gc_support(false);
    let mut context = WastContext::new(&Engine::new(&config)?, Async::No, |_| {});
    context.register_spectest(&SpectestConfig {
        use_shared_memory: true,
        suppress_prints: true,
    })?;
    let text = std::fs::read_to_string(file)?.replace(WORDS.0, WORDS.1);
    context.run_wast(&file.to_string_lossy(), text.as_bytes())
}
