//! Which section of the specification says what an operation does.

use super::Class;

/// A section of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its title.
    pub title: &'static str,
    /// Where it stands.
    pub link: &'static str,
}

const fn section(title: &'static str, link: &'static str) -> Section {
    Section { title, link }
}

/// What decides which joint outcomes of threads are allowed.
pub const OF_THREADS: Section = section(
    "Threads: the relaxed memory model",
    "https://webassembly.github.io/threads/core/exec/relaxed.html",
);

/// The section that decides a divergence of `class` at `operation` (in the
/// text format's words, as in [`Subject`](super::Subject)).
///
/// ```
/// use trapline_harness::judge::{Class, section_of};
/// let section = section_of(Class::GrowResult, "memory.grow");
/// assert!(section.link.ends_with("#exec-memory-grow"));
/// ```
pub fn section_of(class: Class, operation: &str) -> Section {
    match class {
        Class::AcceptsInvalid | Class::RejectsValid => {
            return section(
                "Validation: modules",
                "https://webassembly.github.io/spec/core/valid/modules.html",
            );
        }
        Class::Link => {
            return section(
                "Execution: instantiation, import matching",
                "https://webassembly.github.io/spec/core/valid/matching.html",
            );
        }
        Class::EmbedderApi => return of_api(operation),
        _ => {}
    }
    match operation {
        "memory.size" => section(
            "Execution: memory.size",
            "https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-size",
        ),
        "memory.grow" => section(
            "Execution: memory.grow",
            "https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-grow",
        ),
        "memory.fill" => section(
            "Execution: memory.fill",
            "https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-fill",
        ),
        "memory.copy" => section(
            "Execution: memory.copy",
            "https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-copy",
        ),
        "memory.init" => section(
            "Execution: memory.init",
            "https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-init",
        ),
        "data.drop" => section(
            "Execution: data.drop",
            "https://webassembly.github.io/spec/core/exec/instructions.html#exec-data-drop",
        ),
        "instantiate" | "data" => section(
            "Execution: instantiation",
            "https://webassembly.github.io/spec/core/exec/modules.html#exec-instantiation",
        ),
        op if op.contains("atomic") => section(
            "Threads: atomic memory instructions",
            "https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions",
        ),
        op if op.contains("store") => section(
            "Execution: store",
            "https://webassembly.github.io/spec/core/exec/instructions.html#exec-store",
        ),
        op if op.contains("load") => section(
            "Execution: load",
            "https://webassembly.github.io/spec/core/exec/instructions.html#exec-load",
        ),
        _ => section(
            "Execution: instructions",
            "https://webassembly.github.io/spec/core/exec/instructions.html",
        ),
    }
}

/// The section of the JavaScript API that has a rule: the first word of a breach, see
/// [`BREACH`](crate::engine::javascript::BREACH).
fn of_api(breach: &str) -> Section {
    match breach.split(':').next().unwrap_or_default() {
        "refresh" => section(
            "JavaScript API: refresh the Memory buffer",
            "https://webassembly.github.io/spec/js-api/#refresh-the-memory-buffer",
        ),
        "grow" => section(
            "JavaScript API: grow the memory buffer",
            "https://webassembly.github.io/spec/js-api/#grow-the-memory-buffer",
        ),
        "shared" => section(
            "Threads, JavaScript API: memories",
            "https://webassembly.github.io/threads/js-api/#memories",
        ),
        "validate" => section(
            "JavaScript API: validate",
            "https://webassembly.github.io/spec/js-api/#dom-webassembly-validate",
        ),
        "constructor" => section(
            "JavaScript API: the constructor of Memory",
            "https://webassembly.github.io/spec/js-api/#dom-memory-memory",
        ),
        _ => section(
            "JavaScript API: memories",
            "https://webassembly.github.io/spec/js-api/#memories",
        ),
    }
}
