//! WebAssembly binaries, looked at and edited without a tree of them.

pub(crate) mod splice;

use wasmparser::{Parser, Payload};

use crate::operator;
use crate::script::{Script, Step};
use crate::triage::substitute::Site;

/// Where the code of a module begins: what stands before it declares things.
/// The end of the binary if there is no code.
pub(crate) fn code_start(wasm: &[u8]) -> u32 {
    let payloads = Parser::new(0).parse_all(wasm).map_while(Result::ok);
    let mut starts = payloads.filter_map(|payload| match payload {
        Payload::CodeSectionEntry(body) => Some(body.range().start),
        Payload::DataSection(section) => Some(section.range().start),
        _ => None,
    });
    let start = starts.next().unwrap_or(wasm.len() as u64);
    u32::try_from(start).unwrap_or(u32::MAX)
}

/// Every instruction of a script that is about a memory, and every data
/// segment (`data`), with its name in the text format.
pub(crate) fn memory_sites(script: &Script) -> Vec<(Site, String)> {
    let mut sites = Vec::new();
    for (step, defined) in script.steps.iter().enumerate() {
        let Step::Define { wasm, .. } = defined else {
            continue;
        };
        let mut add = |offset: u64, name: String| {
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            sites.push((Site { step, offset }, name));
        };
        for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
            match payload {
                Payload::CodeSectionEntry(body) => {
                    let Ok(mut reader) = body.get_operators_reader() else {
                        continue;
                    };
                    while !reader.eof() {
                        let offset = reader.original_position();
                        let Ok(op) = reader.read() else { break };
                        let name = operator::text_name(&op);
                        let is = [".load", ".store", "memory.", ".atomic."];
                        if is.iter().any(|part| name.contains(part)) {
                            add(offset, name);
                        }
                    }
                }
                Payload::DataSection(section) => {
                    for segment in section.into_iter().map_while(Result::ok) {
                        add(segment.range.start, "data".to_owned());
                    }
                }
                _ => {}
            }
        }
    }
    sites
}
