//! Which of many sightings are reduced first.
//!
//! Those that are least like what was reduced before come first, so that
//! different causes come first: the order of a farthest-point traversal.

use crate::campaign::Sighting;

/// The indices of `sightings` so that each is as far as can be from those
/// before it. The most severe is the first, and of equals the earlier one.
pub fn farthest_first(sightings: &[&Sighting]) -> Vec<usize> {
    let features: Vec<[String; 6]> = sightings.iter().map(|s| features(s)).collect();
    let severity = |index: &usize| (sightings[*index].difference.class, *index);
    let mut order: Vec<usize> = (0..sightings.len())
        .min_by_key(severity)
        .into_iter()
        .collect();
    let Some(&first) = order.first() else {
        return order;
    };
    let mut distance: Vec<usize> = features
        .iter()
        .map(|other| differing(&features[first], other))
        .collect();
    let mut left: Vec<usize> = (0..sightings.len()).filter(|&i| i != first).collect();
    while !left.is_empty() {
        let farthest = (0..left.len())
            .min_by_key(|&at| (usize::MAX - distance[left[at]], severity(&left[at])))
            .unwrap_or(0);
        let next = left.remove(farthest);
        for &other in &left {
            distance[other] = distance[other].min(differing(&features[next], &features[other]));
        }
        order.push(next);
    }
    order
}

/// What tells sightings apart before anything is known of their causes.
fn features(sighting: &Sighting) -> [String; 6] {
    let subject = &sighting.subject;
    let family = |op: &str| op.rsplit('.').next().unwrap_or_default().to_owned();
    [
        sighting.difference.class.to_string(),
        sighting.configuration.clone(),
        subject.operation.clone(),
        family(&subject.operation),
        subject.memory.clone(),
        subject
            .place
            .map_or_else(String::new, |p| p.name().to_owned()),
    ]
}

fn differing(one: &[String; 6], other: &[String; 6]) -> usize {
    one.iter().zip(other).filter(|(a, b)| a != b).count()
}
