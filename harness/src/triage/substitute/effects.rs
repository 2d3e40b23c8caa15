//! `effects`: a call is left out, and what it is specified to do to memories is
//! done through the engine's own API.
//!
//! The site is the call. So nothing remains of what the engine does during it:
//! for crashes, and to run on behind a bug that nothing finer heals.
//!
//! It preserves the meaning where the call changes nothing but memories that
//! somebody later looks at: globals, tables and dropped segments stay as they
//! were. The outcome of the call itself is not compared.

use std::collections::{BTreeMap, BTreeSet};

use trapline_reference::{Access, MemoryId, Value};

use super::instances::{Instance, instances};
use super::parts::Parts;
use super::{Draft, NotSubstituted, Original, Site};
use crate::engine::reference;
use crate::engine::{Capture, Job};
use crate::observation::{CHUNK, Watch};
use crate::script::{HOST, Script, Step};

/// How many bytes may be written in place of all the calls.
const MOST_BYTES: u128 = 4096;

/// How many chunks of memories are looked at for one call.
const MOST_CHUNKS: usize = 64;

/// What a call does to one memory.
#[derive(Default)]
struct Effect {
    grown_by: u64,
    chunks: BTreeSet<u64>,
}

/// How a memory can be named: an instance and the name of its export, and the
/// name under which the instance is registered.
#[derive(Clone)]
struct Name {
    instance: String,
    registered: String,
    export: String,
}

impl Name {
    fn step(&self, op: &str, args: Vec<Value>) -> Step {
        Step::Invoke {
            instance: HOST.to_owned(),
            func: format!("{op} {}.{}", self.registered, self.export),
            args,
        }
    }
}

pub(super) fn substitute(
    original: &Original<'_>,
    sites: &dyn Fn(&Site) -> bool,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    let mut calls = BTreeMap::new();
    for (step, call) in original.script().steps.iter().enumerate() {
        let is_call = matches!(call, Step::Invoke { instance, .. } if instance != HOST);
        if is_call && sites(&Site { step, offset: 0 }) {
            let trace = original.reference.trace.get(step);
            calls.insert(step, effects(trace.map_or(&[], |trace| trace))?);
        }
    }
    if calls.is_empty() {
        return Err(NotSubstituted::NoSite);
    }
    let mut names = Names::of(original);
    let mut wanted = BTreeMap::new();
    for (&step, effects) in &calls {
        for &memory in effects.keys() {
            let name = names.name(original, draft, memory, step);
            wanted.insert((step, memory), name.ok_or(NotSubstituted::HiddenMemory)?);
        }
    }
    names.export(original, draft);
    let steps = written(original, draft, &calls, &wanted)?;
    for (step, by) in steps {
        draft.replace(step, by);
    }
    Ok(calls.len())
}

/// What a step does to memories.
fn effects(trace: &[Access]) -> Result<BTreeMap<MemoryId, Effect>, NotSubstituted> {
    let mut effects = BTreeMap::<_, Effect>::new();
    for access in trace.iter().filter(|access| !access.trapped) {
        if let Some(grow) = access.grow {
            if grow.result.is_some() && grow.delta > 0 {
                effects.entry(access.memory).or_default().grown_by += grow.delta;
            }
        } else if access.writes && access.length > 0 {
            let chunks = access.address / CHUNK as u128
                ..=(access.address + access.length - 1) / CHUNK as u128;
            if access.length > (MOST_CHUNKS * CHUNK) as u128 {
                let bytes = access.length;
                return Err(NotSubstituted::TooMuch { bytes });
            }
            let effect = effects.entry(access.memory).or_default();
            effect.chunks.extend(chunks.map(|chunk| chunk as u64));
        }
    }
    Ok(effects)
}

/// The memories of the script, by how instances call them.
struct Names {
    instances: Vec<Instance>,
    /// The instances that have a memory, by the step that made them, with its
    /// index there.
    owners: BTreeMap<MemoryId, BTreeSet<(usize, u32)>>,
    /// The names under which instances are registered, by the step that made them.
    registered: BTreeMap<usize, String>,
    /// The memories to be exported: by definition, index and name.
    exported: BTreeMap<usize, BTreeMap<u32, String>>,
}

impl Names {
    fn of(original: &Original<'_>) -> Names {
        let mut owners = BTreeMap::<_, BTreeSet<_>>::new();
        for access in original.reference.trace.iter().flatten() {
            let number = access.instance.map(|instance| instance.number());
            let made = number.and_then(|number| original.reference.instances.get(number));
            if let Some(&made) = made {
                let owners = owners.entry(access.memory).or_default();
                owners.insert((made, access.ordinal));
            }
        }
        Names {
            instances: instances(original),
            owners,
            registered: BTreeMap::new(),
            exported: BTreeMap::new(),
        }
    }

    /// A name that a memory has before and after a step.
    fn name(
        &mut self,
        original: &Original<'_>,
        draft: &mut Draft,
        memory: MemoryId,
        step: usize,
    ) -> Option<Name> {
        let owners = self.owners.get(&memory)?;
        let (instance, ordinal) = owners.iter().find_map(|&(made, ordinal)| {
            let instance = self.instances.iter().find(|i| i.made == made)?;
            // Its name must still be its own.
            let mut later = self.instances.iter();
            let taken =
                later.any(|i| i.name == instance.name && (made + 1..step).contains(&i.made));
            (made < step && !taken).then_some((instance, ordinal))
        })?;
        let registered = self.registered.entry(instance.made).or_insert_with(|| {
            let name = draft.fresh_name(&format!("instance{}", instance.made));
            draft.register(instance, name.clone());
            name
        });
        let Step::Define { wasm, .. } = &original.script().steps[instance.define] else {
            return None;
        };
        let exported = self.exported.entry(instance.define).or_default();
        let export = match exported.get(&ordinal) {
            Some(export) => export.clone(),
            None => {
                let export = Parts::of(wasm).ok()?.memory_export(ordinal);
                exported.insert(ordinal, export.clone());
                export
            }
        };
        Some(Name {
            instance: instance.name.clone(),
            registered: registered.clone(),
            export,
        })
    }

    /// Exports what was named.
    fn export(&self, original: &Original<'_>, draft: &mut Draft) {
        for (&define, ordinals) in &self.exported {
            let Step::Define { wasm, .. } = &original.script().steps[define] else {
                continue;
            };
            let Ok(mut parts) = Parts::of(wasm) else {
                continue;
            };
            for &ordinal in ordinals.keys() {
                parts.memory_export(ordinal);
            }
            if let Ok(wasm) = parts.assemble() {
                draft.redefine(define, wasm);
            }
        }
    }
}

/// For each call the steps that do what it does.
fn written(
    original: &Original<'_>,
    draft: &Draft,
    calls: &BTreeMap<usize, BTreeMap<MemoryId, Effect>>,
    names: &BTreeMap<(usize, MemoryId), Name>,
) -> Result<BTreeMap<usize, Vec<Step>>, NotSubstituted> {
    let (script, stands) = draft.so_far();
    let at = |old: usize| stands.iter().position(|&step| step == Some(old));
    let mut captures = Vec::new();
    for (&step, effects) in calls {
        let now = at(step).unwrap_or(0);
        for (&memory, effect) in effects {
            let name = &names[&(step, memory)];
            for &chunk in &effect.chunks {
                captures.extend([now.saturating_sub(1), now].map(|step| Capture {
                    step,
                    instance: name.instance.clone(),
                    export: name.export.clone(),
                    chunk,
                }));
            }
        }
    }
    let captured = captured(&script, original, &captures);
    let mut captured = captured.chunks_exact(2);
    let mut bytes = 0;
    let mut steps = BTreeMap::new();
    for (&step, effects) in calls {
        let by: &mut Vec<Step> = steps.entry(step).or_default();
        for (&memory, effect) in effects {
            let name = &names[&(step, memory)];
            if effect.grown_by > 0 {
                by.push(name.step("grow", vec![Value::I64(effect.grown_by)]));
            }
            for &chunk in &effect.chunks {
                let Some([before, after]) = captured.next() else {
                    return Err(NotSubstituted::HiddenMemory);
                };
                for (i, &byte) in after.iter().enumerate() {
                    if before.get(i).copied().unwrap_or(0) != byte {
                        bytes += 1;
                        let address = chunk * CHUNK as u64 + i as u64;
                        let args = vec![Value::I64(address), Value::I32(byte.into())];
                        by.push(name.step("write", args));
                    }
                }
                if bytes > MOST_BYTES {
                    return Err(NotSubstituted::TooMuch { bytes });
                }
            }
        }
    }
    Ok(steps)
}

/// The bytes of the captures, in their order.
pub(super) fn captured(
    script: &Script,
    original: &Original<'_>,
    captures: &[Capture],
) -> Vec<Vec<u8>> {
    let watch = Watch {
        traps: Some(Vec::new()),
        ..Watch::default()
    };
    let job = Job::new(script, original.job.budget, &watch, captures);
    let options = reference::Options {
        trace: false,
        ..reference::Options::default()
    };
    let run = reference::observe(&job, &options);
    let captured = run.observation.captured;
    let find = |wanted: &Capture| {
        let found = captured.iter().find(|(capture, _)| capture == wanted);
        found.map(|(_, bytes)| bytes.clone())
    };
    captures.iter().filter_map(find).collect()
}
