//! Outcomes and memories, compared.

use trapline_reference::Value;

use super::*;
use crate::observation::{ChunkDigest, MemoryState, Outcome, Stage, TrapKind};

fn observed(outcome: Outcome, memories: Vec<MemoryState>) -> Observation {
    Observation {
        steps: vec![StepObservation { outcome, memories }],
        ..Default::default()
    }
}

/// What they are compared to as the answers to a step.
fn compared(expected: &Observation, got: &Observation) -> Comparison {
    let step = Step::Wait {
        thread: String::new(),
    };
    let script = Script { steps: vec![step] };
    compare(&script, expected, got).comparison
}

fn class(expected: Outcome, got: Outcome) -> Option<Class> {
    match compared(&observed(expected, vec![]), &observed(got, vec![])) {
        Comparison::Differs(difference) => Some(difference.class),
        _ => None,
    }
}

#[test]
fn outcomes_are_classed() {
    let ok = || Outcome::Values(vec![Value::I32(1)]);
    let trap = |kinds: &[TrapKind]| Outcome::Trap(kinds.to_vec());
    let rejected = |stage| Outcome::Rejected {
        stage,
        reason: String::new(),
    };
    use TrapKind::{OutOfBoundsMemory as Oob, UnalignedAtomic as Unaligned, Unreachable};
    assert_eq!(class(ok(), ok()), None);
    assert_eq!(
        class(ok(), Outcome::Values(vec![Value::I32(2)])),
        Some(Class::Value)
    );
    assert_eq!(class(trap(&[Oob]), ok()), Some(Class::MissingTrap));
    assert_eq!(class(ok(), trap(&[Oob])), Some(Class::SpuriousTrap));
    assert_eq!(class(trap(&[Oob, Unaligned]), trap(&[Unaligned])), None);
    assert_eq!(
        class(trap(&[Oob]), trap(&[Unreachable])),
        Some(Class::TrapKind)
    );
    assert_eq!(
        class(rejected(Stage::Compile), ok()),
        Some(Class::AcceptsInvalid)
    );
    assert_eq!(
        class(ok(), rejected(Stage::Compile)),
        Some(Class::RejectsValid)
    );
    assert_eq!(class(ok(), rejected(Stage::Link)), Some(Class::Link));
    assert_eq!(
        class(rejected(Stage::Link), trap(&[Oob])),
        Some(Class::Link)
    );
    assert_eq!(
        class(ok(), Outcome::Panic(String::new())),
        Some(Class::Panic)
    );
    let breach = Outcome::Panic("JavaScript API: refresh: it is not detached".to_owned());
    assert_eq!(class(ok(), breach.clone()), Some(Class::EmbedderApi));
    assert_eq!(class(trap(&[Oob]), breach), Some(Class::EmbedderApi));
    assert_eq!(class(ok(), Outcome::Interrupted), Some(Class::Hang));
    assert_eq!(class(ok(), Outcome::Limit(String::new())), None);
}

#[test]
fn memories_are_compared_where_they_were_looked_at() {
    let memory = |bytes, digest| MemoryState {
        instance: "i".to_owned(),
        export: "m".to_owned(),
        bytes,
        chunks: vec![ChunkDigest { index: 0, digest }],
    };
    let trap = || Outcome::Trap(vec![TrapKind::OutOfBoundsMemory]);
    let class = |a: MemoryState, b: MemoryState| match compared(
        &observed(trap(), vec![a]),
        &observed(trap(), vec![b]),
    ) {
        Comparison::Differs(difference) => Some(difference.class),
        _ => None,
    };
    assert_eq!(class(memory(65_536, 7), memory(65_536, 7)), None);
    assert_eq!(
        class(memory(65_536, 7), memory(65_536, 8)),
        Some(Class::MemoryContents)
    );
    assert_eq!(
        class(memory(65_536, 0), memory(65_536, 8)),
        Some(Class::StaleData)
    );
    assert_eq!(
        class(memory(65_536, 7), memory(131_072, 7)),
        Some(Class::MemorySize)
    );
    // Of a large memory the reference lists what is not zero, the engine
    // what it was asked for.
    let large = |chunks: &[(u64, u64)]| MemoryState {
        chunks: chunks
            .iter()
            .map(|&(index, digest)| ChunkDigest { index, digest })
            .collect(),
        ..memory(1 << 32, 0)
    };
    let specified = || large(&[(1, 7), (9, 7)]);
    let right = large(&[(0, 0), (1, 7), (2, 0)]);
    assert_eq!(class(specified(), right), None);
    let stray = large(&[(0, 0), (1, 7), (2, 8)]);
    assert_eq!(class(specified(), stray), Some(Class::StaleData));
    let lost = large(&[(1, 0)]);
    assert_eq!(class(specified(), lost), Some(Class::MemoryContents));
}
