//! The points of a sweep, in batches that a script each is made of.

use std::collections::{BTreeMap, BTreeSet};

use super::Point;
use super::build::Shape;
use super::space::{self, Action, Form, Kind, Size};

/// The most points of a script.
const POINTS: usize = 512;
/// The most functions of its module.
const FUNCTIONS: usize = 96;
/// The most points that have instances of their own: a pool has a hundred, and a point
/// takes up to three of them.
const FRESH: usize = 24;
/// The same of points that make several.
const NEW: usize = 12;

/// The points of a sweep.
pub struct Plan {
    /// In batches: what belongs to one needs the same features.
    pub batches: Vec<Vec<Point>>,
    /// How many there are.
    pub points: usize,
    /// A number for all their names in the order of the space.
    pub digest: u64,
}

/// What the points of a batch have in common.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    kind: Kind,
    size: Size,
    /// Whether they have instances of their own, and which.
    life: Life,
    needs: Needs,
    /// How many bytes the memory has then: what is looked at depends on it.
    then: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Life {
    Shared,
    Fresh,
    Segment,
    New,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Needs {
    Nothing,
    Vectors,
    Atomics,
    Constants,
}

impl Key {
    fn of(point: &Point) -> Key {
        let operation = point.operation();
        let life = match operation.action {
            Action::Segment(_) => Life::Segment,
            Action::New => Life::New,
            _ if point.is_fresh() => Life::Fresh,
            _ => Life::Shared,
        };
        let needs = match operation.action {
            Action::Segment(_) if point.form == Form::Folded => Needs::Constants,
            _ if operation.is_atomic() => Needs::Atomics,
            _ if operation.name.starts_with("v128") => Needs::Vectors,
            _ => Needs::Nothing,
        };
        Key {
            kind: point.kind,
            size: point.size,
            life,
            needs,
            then: point.bytes_then(),
        }
    }

    /// The most points of a script.
    fn most(self) -> usize {
        match self.life {
            Life::Shared => POINTS,
            Life::Fresh => FRESH,
            Life::Segment => 2 * FRESH,
            Life::New => NEW,
        }
    }
}

impl Plan {
    /// The whole space.
    pub fn whole() -> Plan {
        Plan::of(space::points())
    }

    /// These points of it.
    pub fn of(points: Vec<Point>) -> Plan {
        let digest = space::digest(&points);
        let count = points.len();
        let mut groups: BTreeMap<Key, Vec<Point>> = BTreeMap::new();
        for point in points {
            groups.entry(Key::of(&point)).or_default().push(point);
        }
        let batches = groups
            .into_iter()
            .flat_map(|(key, group)| divide(key, group));
        Plan {
            batches: batches.collect(),
            points: count,
            digest,
        }
    }
}

/// Divides what could be one script into scripts of a bearable length.
fn divide(key: Key, group: Vec<Point>) -> Vec<Vec<Point>> {
    let mut batches = Vec::new();
    let mut batch = Vec::new();
    let mut shapes = BTreeSet::new();
    for point in group {
        let shape = Shape::of(&point);
        let is_full = shapes.len() == FUNCTIONS && !shapes.contains(&shape);
        if batch.len() == key.most() || is_full {
            batches.push(std::mem::take(&mut batch));
            shapes.clear();
        }
        shapes.insert(shape);
        batch.push(point);
    }
    batches.push(batch);
    batches
}
