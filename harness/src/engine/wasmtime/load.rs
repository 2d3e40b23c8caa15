//! Modules as they were compiled, or by way of their serialized form.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::{Engine, Module};

use super::settings::Load;
use crate::observation::Outcome;

/// Compiles a module and loads it; what the engine says where it cannot.
///
/// # Errors
/// There is no place for a file on this machine.
pub(super) fn module(
    engine: &Engine,
    wasm: &[u8],
    load: Load,
) -> Result<wasmtime::Result<Module>, Outcome> {
    let bytes = match load {
        Load::Compiled => return Ok(Module::from_binary(engine, wasm)),
        Load::Serialized | Load::File => match engine.precompile_module(wasm) {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(error)),
        },
    };
    if let Load::Serialized = load {
        // SAFETY: `bytes` come straight from this engine, unaltered.
        #[expect(unsafe_code, reason = "the round trip is what is tested")]
        return Ok(unsafe { Module::deserialize(engine, bytes) });
    }
    let file = File(path());
    let written = std::fs::write(&file.0, &bytes);
    written.map_err(|why| Outcome::Limit(format!("{}: {why}", file.0.display())))?;
    // SAFETY: the file has what this engine has just made, nobody else knows its name, and
    // what is mapped stays when the name is gone.
    #[expect(unsafe_code, reason = "the way through a file is what is tested")]
    Ok(unsafe { Module::deserialize_file(engine, &file.0) })
}

/// A name that no other file has.
fn path() -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let process = std::process::id();
    std::env::temp_dir().join(format!("trapline-{process}-{number}.cwasm"))
}

/// A file that is removed when it is dropped.
struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        // What cannot be removed was not made.
        let _ = std::fs::remove_file(&self.0);
    }
}
