//! Writes the inputs that a session begins with: `seeds FOLDER CORPUS`.

use std::path::PathBuf;

use trapline_harness::fuzzing::seeds;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(folder), Some(corpus)) = (arguments.next(), arguments.next()) else {
        return Err("two folders are needed".into());
    };
    for input in seeds::all(&corpus)? {
        std::fs::write(folder.join(seeds::name(&input)), input)?;
    }
    Ok(())
}
