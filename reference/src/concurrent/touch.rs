//! What a transition touches, and which transitions are independent.

use crate::machine::Range;
use crate::memory::MemoryId;

/// What the next transition of a thread reads and writes of what others see.
///
/// It is as the state is in which the transition is next: whether a
/// compare-exchange writes and whether a wait enqueues depends on the value
/// there, and that cannot change without a transition that is dependent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Touch {
    /// The bytes of an atomic access, and whether it writes them.
    pub(crate) data: Option<(Range, bool)>,
    /// The length of a memory, and whether it is written.
    pub(crate) length: Option<(MemoryId, bool)>,
    /// The queue of those that wait at an address.
    pub(crate) queue: Option<(MemoryId, u128)>,
}

impl Touch {
    /// Whether no other thread can tell when it happens.
    pub(crate) fn is_local(&self) -> bool {
        *self == Touch::default()
    }

    /// Whether two transitions of different threads come to the same in either
    /// order, with the same happens-before.
    pub(crate) fn independent(&self, other: &Touch) -> bool {
        let data = match (self.data, other.data) {
            (Some((one, writes)), Some((two, others))) => (writes || others) && overlap(one, two),
            _ => false,
        };
        let length = match (self.length, other.length) {
            (Some((one, writes)), Some((two, others))) => (writes || others) && one == two,
            _ => false,
        };
        let queue = self.queue.is_some() && self.queue == other.queue;
        !(data || length || queue)
    }
}

/// Whether two ranges have a byte in common.
pub(crate) fn overlap(one: Range, two: Range) -> bool {
    let (end, others) = (one.at + one.length, two.at + two.length);
    one.memory == two.memory && one.at < others && two.at < end
}
