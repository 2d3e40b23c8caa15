//! The script on its way through the reducer, its modules as trees.

use std::rc::Rc;

use wasmparser::{Validator, WasmFeatures};

use crate::script::sexp::{Kind, Node};
use crate::script::{Script, Step, spectest, tree};

/// A script with what the passes need of its modules.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) steps: Vec<Item>,
}

/// A step; for a definition, the module as a tree.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) step: Step,
    pub(super) module: Option<Module>,
}

/// A module that can be edited.
#[derive(Clone)]
pub(super) struct Module {
    pub(super) tree: Rc<Node>,
    /// Whether it has to stay valid.
    valid: bool,
}

impl Case {
    pub(super) fn new(script: &Script) -> Case {
        Case {
            steps: script.steps.iter().map(Item::new).collect(),
        }
    }

    pub(super) fn script(&self) -> Script {
        Script {
            steps: self.steps.iter().map(|item| item.step.clone()).collect(),
        }
    }

    /// Stands for the script: equal scripts have equal keys.
    pub(super) fn key(&self) -> u64 {
        let bytes = postcard::to_stdvec(&self.script()).expect("a script is plain data");
        xxhash_rust::xxh3::xxh3_64(&bytes)
    }

    /// Bytes of all modules.
    pub(super) fn bytes(&self) -> usize {
        bytes(self.steps.iter().map(|item| &item.step))
    }

    /// The steps that define a module that can be edited.
    pub(super) fn modules(&self) -> Vec<usize> {
        (0..self.steps.len())
            .filter(|&i| self.steps[i].module.is_some())
            .collect()
    }

    pub(super) fn tree(&self, step: usize) -> Option<&Rc<Node>> {
        Some(&self.steps.get(step)?.module.as_ref()?.tree)
    }

    /// With another tree for one module; `None` if the tree is no module, or
    /// not valid where it has to be.
    pub(super) fn with_tree(&self, step: usize, tree: Node) -> Option<Case> {
        let mut case = self.clone();
        case.set_tree(step, tree).then_some(case)
    }

    /// As [`Self::with_tree`], in place; `false`, and unchanged, if it cannot be.
    pub(super) fn set_tree(&mut self, step: usize, tree: Node) -> bool {
        let Some(encoded) = tree::encoded(&tree) else {
            return false;
        };
        let item = &mut self.steps[step];
        let (Step::Define { wasm, .. }, Some(module)) = (&mut item.step, &mut item.module) else {
            return false;
        };
        if module.valid && !is_valid(&encoded) {
            return false;
        }
        *wasm = encoded;
        module.tree = Rc::new(tree);
        true
    }

    /// With the children of the list at `path` in a module's tree edited.
    pub(super) fn edit(
        &self,
        step: usize,
        path: &[usize],
        edit: impl FnOnce(&mut Vec<Node>),
    ) -> Option<Case> {
        let mut tree = Node::clone(self.tree(step)?);
        edit(children_at(&mut tree, path)?);
        self.with_tree(step, tree)
    }
}

/// Bytes of all modules that steps define.
pub(super) fn bytes<'s>(steps: impl Iterator<Item = &'s Step>) -> usize {
    let of = |step: &Step| match step {
        Step::Define { wasm, .. } => wasm.len(),
        _ => 0,
    };
    steps.map(of).sum()
}

impl Item {
    pub(super) fn new(step: &Step) -> Item {
        Item {
            step: step.clone(),
            module: match step {
                Step::Define { module, wasm } if module != spectest::NAME => Module::of(wasm),
                _ => None,
            },
        }
    }
}

impl Module {
    fn of(wasm: &[u8]) -> Option<Module> {
        let mut tree = tree::printed(wasm, true)?;
        let Kind::List(fields) = &mut tree.kind else {
            return None;
        };
        tree::inline_types(fields);
        tree::inline_exports(fields);
        let valid = is_valid(wasm);
        // What the tree says must be what the binary says, to be edited as a tree.
        let encoded = tree::encoded(&tree)?;
        (!valid || is_valid(&encoded)).then(|| Module {
            tree: Rc::new(tree),
            valid,
        })
    }
}

/// The children of the list at `path`.
pub(super) fn children_at<'a>(tree: &'a mut Node, path: &[usize]) -> Option<&'a mut Vec<Node>> {
    let mut node = tree;
    for &i in path {
        node = match &mut node.kind {
            Kind::List(children) => children.get_mut(i)?,
            Kind::Atom(_) => return None,
        };
    }
    match &mut node.kind {
        Kind::List(children) => Some(children),
        Kind::Atom(_) => None,
    }
}

/// The node at `path`.
pub(super) fn node_at<'a>(tree: &'a Node, path: &[usize]) -> Option<&'a Node> {
    path.iter()
        .try_fold(tree, |node, &i| node.children()?.get(i))
}

/// The paths of all lists, parents before children.
pub(super) fn lists(tree: &Node) -> Vec<Vec<usize>> {
    fn walk(node: &Node, path: &mut Vec<usize>, out: &mut Vec<Vec<usize>>) {
        let Some(children) = node.children() else {
            return;
        };
        out.push(path.clone());
        for (i, child) in children.iter().enumerate() {
            path.push(i);
            walk(child, path, out);
            path.pop();
        }
    }
    let mut out = Vec::new();
    walk(tree, &mut Vec::new(), &mut out);
    out
}

pub(super) fn is_valid(wasm: &[u8]) -> bool {
    let features = WasmFeatures::all();
    Validator::new_with_features(features)
        .validate_all(wasm)
        .is_ok()
}
