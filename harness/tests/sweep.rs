//! The sweep: how large its space is, and that it finds planted faults.

use std::collections::BTreeMap;

use trapline_harness::sweep::{Plan, space};

#[test]
fn counts() {
    let began = std::time::Instant::now();
    let points = space::points();
    eprintln!("{} points in {:?}", points.len(), began.elapsed());
    let mut families: BTreeMap<_, usize> = BTreeMap::new();
    let mut large = 0;
    for point in &points {
        *families.entry(point.operation().family()).or_default() += 1;
        large += usize::from(point.size.is_large());
    }
    eprintln!("{families:?} large {large}");
    let mut before: BTreeMap<_, usize> = BTreeMap::new();
    for point in &points {
        *before.entry((point.before.name(), point.form.name())).or_default() += 1;
    }
    eprintln!("{before:?}");
    let constant = points.iter().filter(|p| matches!(p.form, space::Form::Constant | space::Form::Folded)).count();
    let plan = Plan::of(points);
    eprintln!("constant {constant}; {} batches, {:x}, {:?}", plan.batches.len(), plan.digest, began.elapsed());
}
