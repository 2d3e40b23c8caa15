//! Leaves out instructions, and puts simpler ones in their place.

use super::Run;
use super::case::{Case, lists, node_at};
use crate::script::sexp::Node;

/// Lists in which other instructions stand in sequence.
fn is_sequence(node: &Node) -> bool {
    matches!(
        node.head(),
        Some("func" | "block" | "loop" | "then" | "else" | "if")
    )
}

/// Leaves out runs of instructions, in functions and then in blocks.
pub(super) fn drop_instructions(run: &mut Run<'_>) {
    for step in run.case.modules() {
        let mut visited = 0;
        // Parents come first; each time the tree changes, paths are worked out again.
        while let Some(path) = sequences(&run.case, step).into_iter().nth(visited) {
            let length = |case: &Case| {
                let node = case.tree(step).and_then(|tree| node_at(tree, &path));
                node.and_then(Node::children).map_or(0, <[Node]>::len)
            };
            run.drop_runs(
                |case| length(case).saturating_sub(1),
                |case, range| {
                    case.edit(step, &path, |children| {
                        children.drain(range.start + 1..range.end + 1);
                    })
                },
            );
            visited += 1;
        }
    }
}

fn sequences(case: &Case, step: usize) -> Vec<Vec<usize>> {
    let Some(tree) = case.tree(step) else {
        return Vec::new();
    };
    let mut paths = lists(tree);
    paths.retain(|path| node_at(tree, path).is_some_and(is_sequence));
    paths
}

/// Puts something simpler in the place of each list within a function.
pub(super) fn simplify_instructions(run: &mut Run<'_>) {
    for step in run.case.modules() {
        let mut at = 0;
        while let Some(path) = instructions(&run.case, step).into_iter().nth(at) {
            if run.stopped() {
                return;
            }
            // What was put there may be simplified again.
            if !simplify_one(run, step, &path) {
                at += 1;
            }
        }
    }
}

/// The paths of all lists within functions, parents before children.
fn instructions(case: &Case, step: usize) -> Vec<Vec<usize>> {
    let Some(tree) = case.tree(step) else {
        return Vec::new();
    };
    let mut paths = lists(tree);
    paths.retain(|path| {
        path.len() > 1 && node_at(tree, &path[..1]).and_then(Node::head) == Some("func")
    });
    paths
}

fn simplify_one(run: &mut Run<'_>, step: usize, path: &[usize]) -> bool {
    let Some((&place, parent)) = path.split_last() else {
        return false;
    };
    let tree = run.case.tree(step).expect("it is edited").clone();
    let Some(node) = node_at(&tree, path) else {
        return false;
    };
    let replacements = replacements(node);
    for replacement in replacements {
        let candidate = run.case.edit(step, parent, |children| {
            children.splice(place..=place, replacement);
        });
        if run.attempt(candidate) {
            return true;
        }
    }
    if node.head() == Some("result") {
        let candidate = without_result(&run.case, step, parent, place);
        return candidate
            .into_iter()
            .any(|candidate| run.attempt(Some(candidate)));
    }
    false
}

/// What may stand in the place of a node, the simplest first.
fn replacements(node: &Node) -> Vec<Vec<Node>> {
    let children = node.children().unwrap_or_default();
    let operands: Vec<&Node> = children
        .iter()
        .filter(|child| child.children().is_some())
        .collect();
    let mut out = vec![Vec::new()];
    let head = node.head().unwrap_or_default();
    if head.ends_with(".const") || matches!(head, "param" | "result" | "local" | "export") {
        return out;
    }
    // A constant of the type the instruction is named after, or of any other.
    let named_after = head.split('.').next().unwrap_or_default();
    let mut types = vec!["i32", "i64", "f32", "f64", "v128"];
    types.sort_by_key(|&ty| ty != named_after);
    out.extend(types.into_iter().filter_map(zero).map(|zero| vec![zero]));
    // One of its operands; all of them, where none gives a value.
    out.extend(operands.iter().map(|&operand| vec![operand.clone()]));
    if operands.len() > 1 || is_sequence(node) {
        out.push(operands.into_iter().cloned().collect());
    }
    if is_sequence(node) {
        // Unwrapped, without the label.
        let unlabelled = children.iter().skip(1 + usize::from(node.name().is_some()));
        let is_type = |node: &&Node| !matches!(node.head(), Some("result" | "param"));
        out.push(unlabelled.filter(is_type).cloned().collect());
    }
    if let Some(plain) = plainer(head) {
        let mut children = children.to_vec();
        children[0] = Node::atom(plain);
        out.push(vec![Node::list(children)]);
    }
    out
}

/// An instruction of the same type that does the same and is better known.
fn plainer(head: &str) -> Option<&'static str> {
    Some(match head {
        "return_call" => "call",
        "local.tee" => "local.set",
        "i32.shl" | "i32.sub" | "i32.and" | "i32.or" | "i32.xor" | "i32.mul" => "i32.add",
        "i64.shl" | "i64.sub" | "i64.and" | "i64.or" | "i64.xor" | "i64.mul" => "i64.add",
        _ => return None,
    })
}

/// A function or block without its result: the last value dropped, or gone.
fn without_result(case: &Case, step: usize, parent: &[usize], place: usize) -> Vec<Case> {
    let gone = case.edit(step, parent, |children| {
        children.pop();
        children.remove(place);
    });
    let dropped = case.edit(step, parent, |children| {
        let last = children.pop().expect("the result type stands there");
        let mut dropped = Node::list(vec![Node::atom("drop"), last]);
        dropped.starts_line = true;
        children.push(dropped);
        children.remove(place);
    });
    gone.into_iter().chain(dropped).collect()
}

/// `(TYPE.const 0)`.
pub(super) fn zero(ty: &str) -> Option<Node> {
    let words: &[&str] = match ty {
        "i32" => &["i32.const", "0"],
        "i64" => &["i64.const", "0"],
        "f32" => &["f32.const", "0"],
        "f64" => &["f64.const", "0"],
        "v128" => &["v128.const", "i64x2", "0", "0"],
        _ => return None,
    };
    Some(Node::list(
        words.iter().map(|word| Node::atom(word)).collect(),
    ))
}
