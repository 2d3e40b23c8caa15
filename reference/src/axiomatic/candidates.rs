//! The candidates: paths through the threads, and what reads from what.

use super::{Event, Execution, Instruction, LENGTH, Order, Outcome, Place, Program, Written};

/// How far each thread comes: `None` to its end, or to the bounds check at which
/// it traps.
type Paths = Vec<Option<usize>>;

/// All combinations of ends of the threads.
pub(super) fn paths(program: &Program) -> Vec<Paths> {
    let mut all: Vec<Paths> = vec![Vec::new()];
    for thread in &program.threads {
        let instructions = thread.iter().enumerate();
        let checks = instructions.filter(|(_, i)| matches!(i, Instruction::BoundsCheck(_)));
        let ends: Vec<Option<usize>> = std::iter::once(None)
            .chain(checks.map(|(index, _)| Some(index)))
            .collect();
        let longer = all.iter().flat_map(|paths| {
            ends.iter().map(|&end| {
                let mut paths = paths.clone();
                paths.push(end);
                paths
            })
        });
        all = longer.collect();
    }
    all
}

/// What an event writes, in terms of what it has read.
#[derive(Clone, Copy)]
enum Value {
    Constant(u64),
    /// What this event has read.
    Of(usize),
    /// What it has read itself, and so much more.
    More(u64),
}

/// The events of all paths, before it is known what they read.
struct Skeleton {
    events: Vec<Event>,
    values: Vec<Option<Value>>,
    program_order: Vec<(usize, usize)>,
    /// For each bounds check, the event, what it asks for, and whether it is met.
    checks: Vec<(usize, u64, bool)>,
    /// For each thread the events whose reads are its results.
    results: Vec<Vec<usize>>,
    /// The events that read at the end.
    at_end: Vec<usize>,
}

impl Skeleton {
    fn new(program: &Program, paths: &Paths) -> Skeleton {
        let mut skeleton = Skeleton {
            events: Vec::new(),
            values: Vec::new(),
            program_order: Vec::new(),
            checks: Vec::new(),
            results: Vec::new(),
            at_end: Vec::new(),
        };
        skeleton.initial(program);
        let initial = skeleton.events.len();
        for (thread, end) in program.threads.iter().zip(paths) {
            skeleton.thread(thread, *end, initial);
        }
        let before_end = skeleton.events.len();
        for &place in &program.read_at_end {
            let order = Order::Unordered;
            let event = skeleton.add(place, Some(order), true, None);
            skeleton.at_end.push(event);
            let all = (0..before_end).map(|before| (before, event));
            skeleton.program_order.extend(all);
        }
        skeleton
    }

    fn add(
        &mut self,
        place: Place,
        order: Option<Order>,
        reads: bool,
        value: Option<Value>,
    ) -> usize {
        self.events.push(Event {
            place,
            order,
            read: reads.then_some(0),
            written: value.map(|_| 0),
        });
        self.values.push(value);
        self.events.len() - 1
    }

    /// One write for each byte that is accessed, and one for the length.
    fn initial(&mut self, program: &Program) {
        let mut bytes = std::collections::BTreeSet::new();
        let places = program.threads.iter().flatten().map(place_of);
        for place in places.chain(program.read_at_end.iter().copied()) {
            if place != LENGTH {
                bytes.extend((0..u64::from(place.width)).map(|byte| place.at + byte));
            }
        }
        for at in bytes {
            self.add(
                Place { at, width: 1 },
                None,
                false,
                Some(Value::Constant(0)),
            );
        }
        let order = Some(Order::SequentiallyConsistent);
        self.add(LENGTH, order, false, Some(Value::Constant(program.length)));
    }

    fn thread(&mut self, instructions: &[Instruction], end: Option<usize>, initial: usize) {
        let first = self.events.len();
        let mut results = Vec::new();
        let atomic = Some(Order::SequentiallyConsistent);
        for (index, &instruction) in instructions.iter().enumerate() {
            let event = match instruction {
                Instruction::Read(order, place) => self.add(place, Some(order), true, None),
                Instruction::Write(order, place, written) => {
                    let value = match (written, results.last()) {
                        (Written::Constant(value), _) => Value::Constant(value),
                        (Written::LastRead, Some(&event)) => Value::Of(event),
                        (Written::LastRead, None) => Value::Constant(0),
                    };
                    self.add(place, Some(order), false, Some(value))
                }
                Instruction::Add(place, more) => {
                    self.add(place, atomic, true, Some(Value::More(more)))
                }
                Instruction::Exchange(place, value) => {
                    self.add(place, atomic, true, Some(Value::Constant(value)))
                }
                Instruction::BoundsCheck(length) => {
                    let event = self.add(LENGTH, Some(Order::Unordered), true, None);
                    self.checks.push((event, length, end != Some(index)));
                    event
                }
            };
            let before = (0..initial).chain(first..event);
            self.program_order
                .extend(before.map(|before| (before, event)));
            let is_result = !matches!(
                instruction,
                Instruction::Write(..) | Instruction::BoundsCheck(_)
            );
            if is_result {
                results.push(event);
            }
            if end == Some(index) {
                break;
            }
        }
        self.results.push(results);
    }

    /// Fills in values, given what each byte is read from; `None` if there are none,
    /// or a bounds check does not come to what it is to.
    fn execution(&self, paths: &Paths, reads_from: &[Vec<usize>]) -> Option<Execution> {
        let mut events = self.events.clone();
        // Values may depend on each other in a circle.
        for round in 0.. {
            let mut changed = false;
            for number in 0..events.len() {
                let event = &events[number];
                let place = event.place;
                let read = event.read.map(|_| {
                    let writes = reads_from[number].iter().enumerate();
                    let bytes = writes.map(|(byte, &write)| {
                        let from = &events[write];
                        let at = place.at + byte as u64;
                        let shift = 8 * (at - from.place.at);
                        (from.written.unwrap_or_default() >> shift & 0xff) << (8 * byte)
                    });
                    bytes.fold(0, |all, byte| all | byte)
                });
                let mask = u64::MAX >> (64 - 8 * u32::from(place.width));
                let written = self.values[number].map(|value| match value {
                    Value::Constant(value) => value & mask,
                    Value::Of(event) => events[event].read.unwrap_or_default() & mask,
                    Value::More(more) => read.unwrap_or_default().wrapping_add(more) & mask,
                });
                changed |= read != events[number].read || written != events[number].written;
                events[number].read = read;
                events[number].written = written;
            }
            if !changed {
                break;
            }
            if round > events.len() {
                return None;
            }
        }
        let met = |&(event, length, met): &(usize, u64, bool)| {
            (events[event].read.unwrap_or_default() >= length) == met
        };
        if !self.checks.iter().all(met) {
            return None;
        }
        let read = |&event: &usize| events[event].read.unwrap_or_default();
        let threads = self.results.iter().zip(paths);
        let threads = threads.map(|(results, end)| match end {
            None => Some(results.iter().map(read).collect()),
            Some(_) => None,
        });
        let outcome = Outcome {
            threads: threads.collect(),
            end: self.at_end.iter().map(read).collect(),
        };
        Some(Execution {
            events,
            program_order: self.program_order.clone(),
            reads_from: reads_from.to_vec(),
            outcome,
        })
    }
}

fn place_of(instruction: &Instruction) -> Place {
    match *instruction {
        Instruction::Read(_, place)
        | Instruction::Write(_, place, _)
        | Instruction::Add(place, _)
        | Instruction::Exchange(place, _) => place,
        Instruction::BoundsCheck(_) => LENGTH,
    }
}

/// Visits all assignments of writes to the bytes that are read.
pub(super) fn executions(program: &Program, paths: &Paths, mut visit: impl FnMut(&Execution)) {
    let skeleton = Skeleton::new(program, paths);
    let events = &skeleton.events;
    // Each byte that is read, and what it can be from.
    let mut bytes = Vec::new();
    for (number, event) in events.iter().enumerate() {
        for byte in 0..event.place.width {
            if event.read.is_none() {
                continue;
            }
            let at = event.place.at + u64::from(byte);
            let writes = events.iter().enumerate().filter(|(write, other)| {
                *write != number && other.written.is_some() && other.covers(at)
            });
            let writes = writes.map(|(write, _)| write).collect::<Vec<_>>();
            bytes.push((number, writes));
        }
    }
    let mut reads_from = vec![Vec::new(); events.len()];
    assign(&bytes, &mut reads_from, &mut |reads_from| {
        if let Some(execution) = skeleton.execution(paths, reads_from) {
            visit(&execution);
        }
    });
}

fn assign(
    bytes: &[(usize, Vec<usize>)],
    reads_from: &mut Vec<Vec<usize>>,
    visit: &mut impl FnMut(&[Vec<usize>]),
) {
    let Some(((read, writes), rest)) = bytes.split_first() else {
        return visit(reads_from);
    };
    for &write in writes {
        reads_from[*read].push(write);
        assign(rest, reads_from, visit);
        reads_from[*read].pop();
    }
}
