//! Leaves out instructions, and puts simpler ones in their place.

mod access;
mod address;
mod results;

use super::Run;
use super::case::{Case, children_at, lists, node_at};
use crate::script::sexp::{Kind, Node};

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
    let mut replacements = replacements(node);
    replacements.extend(inlined_call(&tree, node));
    replacements.extend(direct_calls(&tree, node).into_iter().map(|call| vec![call]));
    replacements.extend(access::plainer(node).into_iter().map(|load| vec![load]));
    replacements.extend(address::at_constant_addresses(&tree, node).map(|node| vec![node]));
    for replacement in replacements {
        let candidate = run.case.edit(step, parent, |children| {
            children.splice(place..=place, replacement);
        });
        if run.attempt(candidate) {
            return true;
        }
    }
    if node.head() == Some("result") {
        return results::simplify(run, step, parent, place);
    }
    let candidate = without_local(&run.case, step, path, node);
    run.attempt(candidate)
}

/// What a local is set to, where it is first read: `(local.set $x V) … (local.get $x)`.
fn without_local(case: &Case, step: usize, path: &[usize], set: &Node) -> Option<Case> {
    let [head, name, value] = set.children()? else {
        return None;
    };
    let (Some("local.set"), Some(name)) = (head.as_atom(), name.as_atom()) else {
        return None;
    };
    let mut tree = Node::clone(case.tree(step)?);
    let (&place, parent) = path.split_last()?;
    let siblings = children_at(&mut tree, parent)?;
    let mut later = siblings[place + 1..].iter_mut();
    let put = |node: &mut Node| put_first(node, name, value);
    if !later.any(put) {
        return None;
    }
    siblings.remove(place);
    case.with_tree(step, tree)
}

/// Puts `value` in the place of the first read of a local; whether there was one.
fn put_first(node: &mut Node, local: &str, value: &Node) -> bool {
    if node.sole_argument("local.get") == Some(local) {
        node.kind = value.kind.clone();
        return true;
    }
    match &mut node.kind {
        Kind::List(children) => children.iter_mut().any(|c| put_first(c, local, value)),
        Kind::Atom(_) => false,
    }
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
    out.extend(address::folded(node).map(|constant| vec![constant]));
    // One of its operands; all of them, where none gives a value.
    out.extend(operands.iter().map(|&operand| vec![operand.clone()]));
    out.extend(
        within(node, named_after)
            .into_iter()
            .map(|inner| vec![inner]),
    );
    if operands.len() > 1 || is_sequence(node) {
        out.push(operands.iter().map(|&operand| operand.clone()).collect());
    }
    match (head, children.last()) {
        ("local.set" | "global.set", Some(value)) if value.children().is_some() => {
            out.push(vec![line(vec![Node::atom("drop"), value.clone()])]);
        }
        ("if", _) => {
            for branch in operands.iter().filter_map(|operand| operand.children()) {
                out.push(branch[1..].to_vec());
            }
        }
        ("block" | "loop", _) => {
            // Unwrapped, without the label.
            let unlabelled = children.iter().skip(1 + usize::from(node.name().is_some()));
            let is_type = |node: &&Node| !matches!(node.head(), Some("result" | "param"));
            out.push(unlabelled.filter(is_type).cloned().collect());
        }
        _ => {}
    }
    if let Some(plain) = plainer(head) {
        let mut children = children.to_vec();
        children[0] = Node::atom(plain);
        out.push(vec![Node::list(children)]);
    }
    let is_alignment = |child: &Node| child.as_atom().is_some_and(|a| a.starts_with("align="));
    if children.iter().any(is_alignment) {
        let mut children = children.to_vec();
        children.retain(|child| !is_alignment(child));
        out.push(vec![Node::list(children)]);
    }
    out
}

/// What stands behind conversions to another type and back, the outermost first.
fn within(node: &Node, ty: &str) -> Vec<Node> {
    let mut out = Vec::new();
    let mut inner = node;
    while let Some([_, operand]) = inner.children().filter(|_| out.len() < 4) {
        inner = operand;
        let named_after = inner.head().and_then(|head| head.split_once('.'));
        if named_after.is_some_and(|(its, _)| its == ty) {
            out.push(inner.clone());
        }
    }
    out
}

/// An instruction of the same type that is better known.
fn plainer(head: &str) -> Option<&'static str> {
    Some(match head {
        "return_call" => "call",
        "local.tee" => "local.set",
        _ => return None,
    })
}

/// A list that begins a line.
fn line(children: Vec<Node>) -> Node {
    Node {
        starts_line: true,
        ..Node::list(children)
    }
}

/// The body of the function that a call calls, if it needs neither locals nor arguments.
fn inlined_call(tree: &Node, node: &Node) -> Option<Vec<Node>> {
    let callee = node.sole_argument("call")?;
    let mut fields = tree.children()?.iter();
    let func = fields.find(|f| f.head() == Some("func") && f.name() == Some(callee))?;
    let children = &func.children()?[2..];
    let bound = |child: &Node| matches!(child.head(), Some("param" | "local" | "import"));
    let is_type = |child: &&Node| matches!(child.head(), Some("result" | "export"));
    let body = children.iter().filter(|child| !is_type(child)).cloned();
    (!children.iter().any(bound)).then(|| body.collect())
}

/// Calls of the functions that an indirect call may reach, those that the module puts
/// into tables.
fn direct_calls(tree: &Node, node: &Node) -> Vec<Node> {
    let parts = node.children().unwrap_or_default();
    let (Some("call_indirect"), Some((_index, parts))) = (node.head(), parts.split_last()) else {
        return Vec::new();
    };
    let is_operand = |part: &&Node| {
        let is_type = matches!(part.head(), Some("type" | "param" | "result"));
        part.children().is_some() && !is_type
    };
    let operands: Vec<Node> = parts.iter().filter(is_operand).cloned().collect();
    let fields = tree.children().unwrap_or_default().iter();
    let elements = fields.filter(|field| field.head() == Some("elem"));
    let named = elements.flat_map(|elem| elem.children().unwrap_or_default().iter().skip(2));
    let named = named.filter_map(Node::as_atom);
    let mut functions: Vec<&str> = named.filter(|name| name.starts_with('$')).collect();
    functions.dedup();
    let call = |name: &str| {
        let mut call = vec![Node::atom("call"), Node::atom(name)];
        call.extend(operands.iter().cloned());
        line(call)
    };
    functions.into_iter().map(call).collect()
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
