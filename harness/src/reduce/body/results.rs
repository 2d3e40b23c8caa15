//! Leaves out results of functions and blocks.

use crate::reduce::Run;
use crate::reduce::case::{Case, children_at};
use crate::script::sexp::{Kind, Node};

/// Leaves out all results, or the last one: the values are dropped, or gone.
/// `place` is where `(result …)` stands in the list at `parent`.
pub(super) fn simplify(run: &mut Run<'_>, step: usize, parent: &[usize], place: usize) -> bool {
    let types = |case: &Case| {
        let mut tree = Node::clone(case.tree(step)?);
        let children = children_at(&mut tree, parent)?;
        Some(children.get(place)?.children()?.len() - 1)
    };
    let all = types(&run.case).unwrap_or(0);
    for count in if all > 1 { vec![all, 1] } else { vec![all] } {
        for dropped in [false, true] {
            let candidate = without(&run.case, step, parent, place, count, dropped);
            if run.attempt(candidate) {
                return true;
            }
        }
    }
    false
}

/// Without the last `count` results.
fn without(
    case: &Case,
    step: usize,
    parent: &[usize],
    place: usize,
    count: usize,
    dropped: bool,
) -> Option<Case> {
    let mut tree = Node::clone(case.tree(step)?);
    let name = match parent {
        [_] => crate::reduce::case::node_at(&tree, parent)?
            .name()
            .map(str::to_owned),
        _ => None,
    };
    let children = children_at(&mut tree, parent)?;
    let first = children
        .len()
        .checked_sub(count)
        .filter(|&first| first > place)?;
    let values: Vec<Node> = children.drain(first..).collect();
    if dropped {
        let drop = |value| super::line(vec![Node::atom("drop"), value]);
        children.extend(values.into_iter().map(drop));
    }
    let Kind::List(types) = &mut children[place].kind else {
        return None;
    };
    types.truncate(types.len() - count);
    if types.len() == 1 {
        children.remove(place);
    }
    // Nobody is left to drop what a function without results gives.
    if let Some(name) = name {
        undrop(&mut tree, &name);
    }
    case.with_tree(step, tree)
}

/// `(drop (call $name …))` to `(call $name …)`.
fn undrop(node: &mut Node, name: &str) {
    let calls = |inner: &Node| inner.head() == Some("call") && inner.name() == Some(name);
    if let (Some("drop"), Some([_, inner])) = (node.head(), node.children())
        && calls(inner)
    {
        node.kind = inner.kind.clone();
    }
    if let Kind::List(children) = &mut node.kind {
        children.iter_mut().for_each(|child| undrop(child, name));
    }
}
