//! The first difference in what memories contain.

use super::{Class, Difference, MemoryDifference, Nans};
use crate::engine::Capture;
use crate::engine::reference::TaintedMemory;
use crate::observation::{MemoryState, StepObservation};

/// The first difference in a memory, but for those of instances that are lost,
/// and of chunks that are excused.
pub(super) fn compare_memories(
    step: usize,
    expected: &StepObservation,
    got: &StepObservation,
    is_lost: impl Fn(&str) -> bool,
    mut excused: impl FnMut(&MemoryState, u64) -> bool,
) -> Option<Difference> {
    let memories = || {
        let all = expected.memories.iter();
        all.filter(|memory| !is_lost(&memory.instance))
    };
    let find = |want: &MemoryState| {
        got.memories
            .iter()
            .find(|m| m.instance == want.instance && m.export == want.export)
    };
    // Sizes first: where they differ, so do the chunks there are.
    for want in memories() {
        let have = find(want);
        if have.map(|m| m.bytes) != Some(want.bytes) {
            return Some(Difference {
                class: Class::MemorySize,
                step,
                memory: Some(MemoryDifference {
                    instance: want.instance.clone(),
                    export: want.export.clone(),
                    chunk: None,
                }),
                expected: format!("memory {} of {} bytes", name(want), want.bytes),
                got: match have {
                    Some(have) => format!("{} bytes", have.bytes),
                    None => "no such memory".to_owned(),
                },
            });
        }
    }
    for want in memories() {
        let Some(have) = find(want) else { continue };
        // What the engine looked at decides. Both list ascending chunks, and a
        // chunk that the reference does not list is zero.
        let specified = |index: u64| {
            let at = want.chunks.binary_search_by_key(&index, |c| c.index);
            at.map_or(0, |at| want.chunks[at].digest)
        };
        let mismatch = have
            .chunks
            .iter()
            .filter(|chunk| chunk.digest != specified(chunk.index))
            .find(|chunk| !excused(want, chunk.index));
        if let Some(chunk) = mismatch {
            return Some(Difference {
                // A chunk of zeros that is not one: nobody ever wrote there.
                class: if specified(chunk.index) == 0 {
                    Class::StaleData
                } else {
                    Class::MemoryContents
                },
                step,
                memory: Some(MemoryDifference {
                    instance: want.instance.clone(),
                    export: want.export.clone(),
                    chunk: Some(chunk.index),
                }),
                expected: format!("memory {}: other bytes", name(want)),
                got: format!("a difference in its chunk {} (64 KiB each)", chunk.index),
            });
        }
    }
    None
}

fn name(memory: &MemoryState) -> String {
    format!("${} \"{}\"", memory.instance, memory.export)
}

impl Nans<'_> {
    /// Whether a chunk of a memory is, after a step, the same in all bits that
    /// are not open.
    pub(super) fn excuse(&mut self, step: usize, memory: &MemoryState, chunk: u64) -> bool {
        let mut memories = self.taints.get(step).into_iter().flat_map(|t| &t.memories);
        let same =
            |m: &&TaintedMemory| (&m.instance, &m.export) == (&memory.instance, &memory.export);
        let masks = memories.find(same).and_then(|m| m.chunks.get(&chunk));
        let Some(masks) = masks else {
            return false;
        };
        let Some((mut right, mut got)) = (self.capture)(Capture {
            step,
            instance: memory.instance.clone(),
            export: memory.export.clone(),
            chunk,
        }) else {
            return false;
        };
        for &(at, mask) in masks {
            for bytes in [&mut right, &mut got] {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte |= mask;
                }
            }
        }
        right == got
    }
}
