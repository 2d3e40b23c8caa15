//! Turns arguments into constants, and leaves out parameters.

use super::Run;
use super::case::{Case, node_at};
use crate::script::calls::Callable;
use crate::script::sexp::{Kind, Node};
use crate::script::{Step, Value};

/// Writes what every call of a function passes for a parameter into the function.
pub(super) fn inline_arguments(run: &mut Run<'_>) {
    for step in run.case.modules() {
        let fields = run.case.tree(step).and_then(|tree| tree.children());
        for field in 1..fields.map_or(0, <[Node]>::len) {
            for parameter in (0..parameters(&run.case, step, field).len()).rev() {
                let candidate = inlined(&run.case, step, field, parameter);
                run.attempt(candidate);
            }
        }
    }
}

/// Where the parameters of a function stand in its list; none if it is no function.
fn parameters(case: &Case, step: usize, field: usize) -> Vec<usize> {
    let func = case.tree(step).and_then(|tree| node_at(tree, &[field]));
    let Some(func) = func.filter(|func| func.head() == Some("func")) else {
        return Vec::new();
    };
    let children = func.children().unwrap_or_default();
    (0..children.len())
        .filter(|&i| children[i].head() == Some("param"))
        .collect()
}

/// Whether every call passes what the function it calls takes.
pub(super) fn are_well_typed(case: &Case) -> bool {
    let mut callable = Callable::default();
    case.steps.iter().all(|item| callable.accepts(&item.step))
}

fn inlined(case: &Case, step: usize, field: usize, parameter: usize) -> Option<Case> {
    let place = *parameters(case, step, field).get(parameter)?;
    let func = node_at(case.tree(step)?, &[field])?.clone();
    let name = node_at(&func, &[place])?.name()?.to_owned();
    let exports: Vec<String> = func
        .children()?
        .iter()
        .filter_map(|child| child.sole_argument("export"))
        .map(|literal| literal.trim_matches('"').to_owned())
        .collect();
    let instances = instances_of(case, step);
    let mut case = case.clone();
    // Where nobody reads it, it does not matter what is passed.
    let is_unread = !reads(&func, &name);
    let mut passed = is_unread.then(|| super::body::zero("i32")).flatten();
    for item in &mut case.steps {
        let Step::Invoke {
            instance,
            func,
            args,
        } = &mut item.step
        else {
            continue;
        };
        if instances.contains(instance) && exports.contains(func) && parameter < args.len() {
            let arg = args.remove(parameter);
            if is_unread {
                continue;
            }
            let arg = constant(arg)?;
            if *passed.get_or_insert_with(|| arg.clone()) != arg {
                return None;
            }
        }
    }
    let mut tree = Node::clone(case.tree(step)?);
    if let Some(func) = func.name() {
        take_operands(&mut tree, func, parameter, is_unread, &mut passed)?;
    }
    let constant = passed?;
    let Kind::List(fields) = &mut tree.kind else {
        return None;
    };
    let Kind::List(children) = &mut fields[field].kind else {
        return None;
    };
    children.remove(place);
    for child in children {
        replace_reads(child, &name, &constant);
    }
    case.set_tree(step, tree).then_some(case)
}

/// Takes out one operand of every call of `func`; `None` unless all are the same constant.
fn take_operands(
    node: &mut Node,
    func: &str,
    parameter: usize,
    any: bool,
    passed: &mut Option<Node>,
) -> Option<()> {
    let calls = matches!(node.head(), Some("call" | "return_call")) && node.name() == Some(func);
    let Kind::List(children) = &mut node.kind else {
        return Some(());
    };
    if calls {
        let operand = children.get(2 + parameter)?;
        let plain = Node {
            starts_line: false,
            ..operand.clone()
        };
        let is_constant = plain.head().is_some_and(|head| head.ends_with(".const"));
        if !is_constant || !any && *passed.get_or_insert_with(|| plain.clone()) != plain {
            return None;
        }
        children.remove(2 + parameter);
    }
    let mut children = children.iter_mut();
    children.try_for_each(|child| take_operands(child, func, parameter, any, passed))
}

fn instances_of(case: &Case, step: usize) -> Vec<String> {
    let Step::Define { module: name, .. } = &case.steps[step].step else {
        return Vec::new();
    };
    case.steps
        .iter()
        .filter_map(|item| match &item.step {
            Step::Instantiate { instance, module } if module == name => Some(instance.clone()),
            _ => None,
        })
        .collect()
}

fn reads(node: &Node, local: &str) -> bool {
    let uses = matches!(node.head(), Some("local.get" | "local.set" | "local.tee"));
    let mut children = node.children().unwrap_or_default().iter();
    uses && node.name() == Some(local) || children.any(|child| reads(child, local))
}

fn replace_reads(node: &mut Node, local: &str, constant: &Node) {
    if node.sole_argument("local.get") == Some(local) {
        node.kind = constant.kind.clone();
    } else if let Kind::List(children) = &mut node.kind {
        for child in children {
            replace_reads(child, local, constant);
        }
    }
}

fn constant(value: Value) -> Option<Node> {
    let text = crate::script::print::value(value);
    let words: Vec<Node> = text.split(' ').map(Node::atom).collect();
    (!matches!(value, Value::ExternRef(Some(_)) | Value::FuncRef(Some(_))))
        .then(|| Node::list(words))
}
