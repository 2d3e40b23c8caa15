//! The exploration: which executions are visited.

use super::touch::Touch;
use super::world::{Choice, World};
use super::{Body, Dropped};
use crate::store::Store;

/// How far an exploration goes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many executions it visits, complete or not, before it gives up.
    pub executions: u64,
    /// Whether the program can grow a shared memory at all: if not, no bounds check
    /// is taken to read what is yet to be written.
    pub may_grow: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            executions: 100_000,
            may_grow: true,
        }
    }
}

/// What an exploration has visited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Complete executions, each of another equivalence class.
    pub executions: u64,
    /// Executions that were given up since they would have repeated another.
    pub redundant: u64,
    /// Executions in which a bounds check read a length that was never written.
    pub inconsistent: u64,
}

/// A place where the exploration has a choice.
struct Node {
    /// What it can choose; those before `chosen` have been explored.
    options: Vec<(Choice, Touch)>,
    chosen: usize,
    /// What has been explored before and would only be repeated.
    sleep: Vec<(Choice, Touch)>,
}

impl Node {
    /// What would be repeated after the chosen transition: what would be before it
    /// or has been explored in its place, as far as it is independent of it.
    fn sleep_after(&self) -> Vec<(Choice, Touch)> {
        let (chosen, touch) = &self.options[self.chosen];
        let explored = &self.options[..self.chosen];
        let both = self.sleep.iter().chain(explored);
        let still = both
            .filter(|(choice, other)| choice.thread != chosen.thread && other.independent(touch));
        still.copied().collect()
    }
}

/// Visits executions of the program whose first thread does `body`, one of each
/// equivalence class: every joint outcome that the specification allows. `visit` is
/// given the store at the end, what the first thread has come to, and the choices
/// that lead there, for [`replay`].
///
/// # Errors
///
/// The outcomes of this program are not said. What was visited until then is
/// allowed, but may not be all.
pub fn explore<B: Body>(
    store: &Store,
    body: &B,
    limits: Limits,
    mut visit: impl FnMut(&Store, &B, &[Choice]),
) -> Result<Statistics, Dropped> {
    let first = World::new(store.clone(), body.clone(), limits.may_grow)?;
    let mut statistics = Statistics::default();
    let mut nodes: Vec<Node> = Vec::new();
    let mut schedule: Vec<Choice> = Vec::new();
    for _ in 0..limits.executions {
        let mut world = first.clone();
        for &choice in &schedule {
            world.execute(choice)?;
        }
        loop {
            let transitions = world.transitions()?;
            if transitions.is_empty() {
                if world.owes() {
                    statistics.inconsistent += 1;
                } else if world.has_ended() {
                    statistics.executions += 1;
                    visit(world.store(), world.body(), &schedule);
                } else {
                    let threads = world.left();
                    return Err(Dropped::NeverEnds { threads });
                }
                break;
            }
            let sleep = nodes.last().map(Node::sleep_after).unwrap_or_default();
            let awake = transitions.into_iter().map(|t| (t.choice, t.touch));
            let asleep = |choice: &Choice| sleep.iter().any(|(other, _)| other == choice);
            let options: Vec<_> = awake.filter(|(choice, _)| !asleep(choice)).collect();
            let Some(&(choice, _)) = options.first() else {
                statistics.redundant += 1;
                break;
            };
            nodes.push(Node {
                options,
                chosen: 0,
                sleep,
            });
            schedule.push(choice);
            world.execute(choice)?;
        }
        // The last choice that can be made otherwise.
        loop {
            let Some(node) = nodes.last_mut() else {
                return Ok(statistics);
            };
            schedule.pop();
            node.chosen += 1;
            if let Some(&(choice, _)) = node.options.get(node.chosen) {
                schedule.push(choice);
                break;
            }
            nodes.pop();
        }
    }
    Err(Dropped::TooLarge)
}

/// Executes the choices that [`explore`] has given: the store and what the first
/// thread has come to.
///
/// # Errors
///
/// As [`explore`]; also if the choices are those of another program.
pub fn replay<B: Body>(
    store: &Store,
    body: &B,
    limits: Limits,
    schedule: &[Choice],
) -> Result<(Store, B), Dropped> {
    let mut world = World::new(store.clone(), body.clone(), limits.may_grow)?;
    for &choice in schedule {
        world.execute(choice)?;
    }
    Ok((world.store().clone(), world.body().clone()))
}
