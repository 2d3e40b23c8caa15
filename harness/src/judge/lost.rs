//! What a step that was not done takes with it.
//!
//! A step can be missing on one side: the engine lacks a feature, a resource
//! did not suffice, the reference does not know a proposal. The rest of the
//! script is compared all the same, but for what could depend on that step:
//!
//! * A module that was not compiled takes its instances with it, and these what
//!   is called on them, read from them, or linked with them.
//! * Code that ran on one side only may have changed whatever it can reach.
//!   That is more than its own instance: what it imports, what imports from it,
//!   and what stands in a table they share. So instances are kept in groups, a
//!   group for all that are linked with one another, directly or through the
//!   built-in instance, and such a step takes its group with it.
//! * An instance that was not made has run no code on the engine's side. It
//!   takes its group with it only if instantiating it does something to what it
//!   imports: if it has a start function or an active segment.

use std::collections::{HashMap, HashSet};

use wasmparser::{DataKind, ElementKind, Parser, Payload};

use crate::script::{HOST, HostFunc, Step};

/// Follows a script, and knows which names are lost.
#[derive(Default)]
pub(super) struct Lost<'s> {
    /// What each module imports, and whether instantiating it runs something.
    modules: HashMap<&'s str, Facts>,
    lost_modules: HashSet<&'s str>,
    /// The node of each instance and of each name that one was registered as.
    instances: HashMap<&'s str, usize>,
    names: HashMap<String, usize>,
    /// Threads with the node of the instance that they share.
    threads: HashMap<&'s str, (bool, Option<usize>)>,
    nodes: Vec<Node>,
}

/// An instance, or a name under which instances are registered.
struct Node {
    /// Another node of its group, itself if it stands for the group.
    parent: usize,
    /// Whether it is lost by itself.
    lost: bool,
    /// Whether its group is, if it stands for that.
    group_lost: bool,
}

/// What linking a module comes to.
#[derive(Clone, Default)]
struct Facts {
    /// The names of the instances it imports from.
    imports: Vec<String>,
    /// Whether it has a start function or an active segment.
    acts: bool,
}

impl<'s> Lost<'s> {
    /// Takes note of a step, before its outcomes are compared. Whether it
    /// depends on one that was lost, so that there is nothing to compare.
    pub(super) fn depends(&mut self, step: &'s Step) -> bool {
        match step {
            Step::Define { module, wasm } => {
                self.modules.insert(module, Facts::of(wasm));
                self.lost_modules.remove(module.as_str());
                false
            }
            Step::Instantiate { instance, module } => {
                let facts = self
                    .modules
                    .get(module.as_str())
                    .cloned()
                    .unwrap_or_default();
                let made = self.node();
                self.instances.insert(instance, made);
                let mut lost = self.lost_modules.contains(module.as_str());
                let mut linked = vec![made];
                for name in facts.imports {
                    let name = self.named(name);
                    lost |= self.is_lost(name);
                    linked.push(name);
                }
                linked
                    .windows(2)
                    .for_each(|pair| self.join(pair[0], pair[1]));
                if lost {
                    self.nodes[made].lost = true;
                    if facts.acts {
                        self.lose_group(made);
                    }
                }
                lost
            }
            Step::Register { instance, name } => {
                let Some(&instance) = self.instances.get(instance.as_str()) else {
                    return false;
                };
                let name = self.named(name.clone());
                self.join(instance, name);
                self.nodes[name].lost = self.nodes[instance].lost;
                self.is_lost(instance)
            }
            Step::Invoke { instance, func, .. } if instance == HOST => {
                let name = HostFunc::parse(func).map(|func| self.named(func.instance));
                name.is_some_and(|name| self.acts_on(name))
            }
            Step::Invoke { instance, .. } => {
                let instance = self.instances.get(instance.as_str()).copied();
                instance.is_some_and(|instance| self.acts_on(instance))
            }
            Step::Get { instance, .. } => self.has(instance),
            Step::Thread { name, shared, .. } => {
                let shared = shared
                    .as_ref()
                    .and_then(|shared| self.instances.get(shared.as_str()).copied());
                let lost = shared.is_some_and(|shared| self.acts_on(shared));
                self.threads.insert(name, (lost, shared));
                lost
            }
            Step::Wait { thread } => {
                let (lost, _) = self
                    .threads
                    .get(thread.as_str())
                    .copied()
                    .unwrap_or_default();
                lost
            }
        }
    }

    /// The step, of which note has been taken, was done on one side only.
    pub(super) fn lose(&mut self, step: &'s Step) {
        match step {
            Step::Define { module, .. } => {
                self.lost_modules.insert(module);
            }
            Step::Instantiate { instance, module } => {
                let acts = self.modules.get(module.as_str()).is_some_and(|m| m.acts);
                if let Some(&instance) = self.instances.get(instance.as_str()) {
                    self.nodes[instance].lost = true;
                    if acts {
                        self.lose_group(instance);
                    }
                }
            }
            Step::Invoke { instance, func, .. } => {
                let node = match instance.as_str() {
                    HOST => HostFunc::parse(func).map(|func| self.named(func.instance)),
                    instance => self.instances.get(instance).copied(),
                };
                if let Some(node) = node {
                    self.lose_group(node);
                }
            }
            Step::Thread { name, .. } => self.lose_thread(name),
            Step::Wait { thread } => self.lose_thread(thread),
            // They change nothing.
            Step::Register { .. } | Step::Get { .. } => {}
        }
    }

    /// Whether the instance of this name is lost.
    pub(super) fn has(&self, instance: &str) -> bool {
        let node = self.instances.get(instance);
        node.is_some_and(|&node| self.is_lost(node))
    }

    /// Code runs on what may be lost: then it changes the group on one side.
    fn acts_on(&mut self, node: usize) -> bool {
        let lost = self.is_lost(node);
        if lost {
            self.lose_group(node);
        }
        lost
    }

    fn lose_thread(&mut self, name: &'s str) {
        let (_, shared) = self.threads.get(name).copied().unwrap_or_default();
        self.threads.insert(name, (true, shared));
        if let Some(shared) = shared {
            self.lose_group(shared);
        }
    }

    fn node(&mut self) -> usize {
        let parent = self.nodes.len();
        self.nodes.push(Node {
            parent,
            lost: false,
            group_lost: false,
        });
        parent
    }

    /// The node of a name that instances can be registered as.
    fn named(&mut self, name: String) -> usize {
        if let Some(&node) = self.names.get(&name) {
            return node;
        }
        let node = self.node();
        self.names.insert(name, node);
        node
    }

    fn root(&self, mut node: usize) -> usize {
        while self.nodes[node].parent != node {
            node = self.nodes[node].parent;
        }
        node
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        let lost = self.nodes[one].group_lost || self.nodes[other].group_lost;
        self.nodes[other].parent = one;
        self.nodes[one].group_lost = lost;
    }

    fn lose_group(&mut self, node: usize) {
        let root = self.root(node);
        self.nodes[root].group_lost = true;
    }

    fn is_lost(&self, node: usize) -> bool {
        self.nodes[node].lost || self.nodes[self.root(node)].group_lost
    }
}

impl Facts {
    /// As far as `wasm` can be read.
    fn of(wasm: &[u8]) -> Facts {
        let mut facts = Facts::default();
        for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
            match payload {
                Payload::ImportSection(section) => {
                    for import in section.into_imports().flatten() {
                        let name = match import.module {
                            HOST => HostFunc::parse(import.name).map(|func| func.instance),
                            module => Some(module.to_owned()),
                        };
                        facts.imports.extend(name);
                    }
                    facts.imports.sort();
                    facts.imports.dedup();
                }
                Payload::StartSection { .. } => facts.acts = true,
                Payload::ElementSection(section) => {
                    facts.acts |= section
                        .into_iter()
                        .flatten()
                        .any(|segment| matches!(segment.kind, ElementKind::Active { .. }));
                }
                Payload::DataSection(section) => {
                    facts.acts |= section
                        .into_iter()
                        .flatten()
                        .any(|segment| matches!(segment.kind, DataKind::Active { .. }));
                }
                _ => {}
            }
        }
        facts
    }
}
