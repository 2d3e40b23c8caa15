//! Instantiation: imports matched, everything allocated, segments written.
//!
//! <https://webassembly.github.io/spec/core/exec/modules.html#instantiation>

use std::sync::Arc;

use super::{
    Access, CodePlace, Extern, Func, FuncId, FuncKind, Global, Instance, InstanceId, Store,
};

use crate::memory::{Bulk, MemoryId};
use crate::module::{Data, ElementMode, Module};
use crate::numeric::Slot;
use crate::trap::{Error, Trap};
use crate::types::{ExternType, limits_match};

impl Store {
    /// Instantiates a module: `resolve` gives what is imported under a module
    /// name and a name.
    ///
    /// If it traps, the segments written before stay written.
    ///
    /// # Errors
    ///
    /// An import is missing or does not match, a memory is beyond the budget,
    /// a segment is out of bounds, or the start function did not end well.
    pub fn instantiate(
        &mut self,
        module: &Module,
        mut resolve: impl FnMut(&mut Store, &str, &str) -> Option<Extern>,
    ) -> Result<InstanceId, Error> {
        let mut imports = Vec::with_capacity(module.definition.imports.len());
        for import in &module.definition.imports {
            let (module, name) = (&import.module, &import.name);
            let found = resolve(self, module, name)
                .ok_or_else(|| Error::Link(format!("unknown import: {module:?} {name:?}")))?;
            if !matches(&self.extern_type(found), &import.ty) {
                return Err(Error::Link(format!(
                    "incompatible import type: {module:?} {name:?}"
                )));
            }
            imports.push(found);
        }
        let instance = self.allocate(module, &imports)?;
        let id = InstanceId(self.instances.len() as u32);
        self.instances.push(instance);
        self.run_elements(id)?;
        for (index, data) in module.definition.data.iter().enumerate() {
            self.run_data(id, index, data)?;
        }
        if let Some(start) = module.definition.start {
            let func = FuncId(self.instances[id.0 as usize].funcs[start as usize]);
            self.invoke(func, &[])?;
        }
        Ok(id)
    }

    /// <https://webassembly.github.io/spec/core/exec/modules.html#modules>
    fn allocate(&mut self, module: &Module, imports: &[Extern]) -> Result<Instance, Error> {
        let def = &module.definition;
        let mut instance = Instance {
            definition: def.clone(),
            module: module.number,
            funcs: Vec::with_capacity(def.funcs.len()),
            tables: Vec::with_capacity(def.tables.len()),
            memories: Vec::with_capacity(def.memories.len()),
            globals: Vec::with_capacity(def.globals.len()),
            elements: Vec::with_capacity(def.elements.len()),
            data: Vec::new(),
        };
        for import in imports {
            match *import {
                Extern::Func(id) => instance.funcs.push(id.0),
                Extern::Table(id) => instance.tables.push(id.0),
                Extern::Memory(id) => instance.memories.push(id.0),
                Extern::Global(id) => instance.globals.push(id.0),
            }
        }
        for &ty in &def.memories[def.imported_memories as usize..] {
            instance.memories.push(self.add_memory(ty)?.0);
        }
        for &ty in &def.tables[def.imported_tables as usize..] {
            instance.tables.push(self.add_table(ty)?.0);
        }
        let own = &def.funcs[def.imported_funcs as usize..];
        for (ty, code) in own.iter().zip(&def.code) {
            instance.funcs.push(self.funcs.len() as u32);
            self.funcs.push(Func {
                ty: ty.clone(),
                kind: FuncKind::Wasm {
                    instance: self.instances.len() as u32,
                    code: code.clone(),
                },
            });
        }
        let own = &def.globals[def.imported_globals as usize..];
        for (&ty, value) in own.iter().zip(&def.global_values) {
            let value = self.evaluate(&instance, value);
            instance.globals.push(self.globals.len() as u32);
            self.globals.push(Global { ty, value });
        }
        for element in &def.elements {
            let items = element
                .items
                .iter()
                .map(|item| self.evaluate(&instance, item))
                .collect();
            instance.elements.push(items);
        }
        instance.data = def.data.iter().map(|data| data.bytes.clone()).collect();
        Ok(instance)
    }

    fn evaluate(&self, instance: &Instance, constant: &crate::module::Constant) -> Slot {
        constant.evaluate(
            |i| self.globals[instance.globals[i as usize] as usize].value,
            |i| instance.funcs[i as usize].into(),
        )
    }

    /// Active element segments are copied and dropped, declared ones dropped.
    fn run_elements(&mut self, id: InstanceId) -> Result<(), Error> {
        let definition = self.instances[id.0 as usize].definition.clone();
        for (index, element) in definition.elements.iter().enumerate() {
            let instance = &self.instances[id.0 as usize];
            if let ElementMode::Active { table, offset } = &element.mode {
                let start = self.evaluate(instance, offset);
                let items = instance.elements[index].clone();
                let table = &mut self.tables[instance.tables[*table as usize] as usize];
                let end = start + items.len() as u128;
                if end > table.elements.len() as u128 {
                    return Err(Trap::OutOfBoundsTable.into());
                }
                table.elements[start as usize..end as usize].copy_from_slice(&items);
            }
            if !matches!(element.mode, ElementMode::Passive) {
                self.instances[id.0 as usize].elements[index] = Arc::new([]);
            }
        }
        Ok(())
    }

    /// An active data segment is written to its memory and dropped.
    fn run_data(&mut self, id: InstanceId, index: usize, data: &Data) -> Result<(), Error> {
        let Some((ordinal, offset)) = &data.active else {
            return Ok(());
        };
        let instance = &self.instances[id.0 as usize];
        let mut site = instance.site(*ordinal, self.activations);
        site.by_host = true;
        let bulk = Bulk {
            site,
            source_site: None,
            destination: self.evaluate(instance, offset) as u64,
            source: 0,
            length: data.bytes.len() as u64,
        };
        let memory_id = instance.memories[*ordinal as usize];
        let memory = &mut self.memories[memory_id as usize];
        let done = self.config.rules.init_active(&bulk, memory, &data.bytes);
        if self.config.trace {
            let code = CodePlace {
                module: self.instances[id.0 as usize].module,
                offset: data.place,
            };
            self.trace.push(Access {
                address: bulk.destination.into(),
                length: bulk.length.into(),
                writes: true,
                trapped: done.is_err(),
                code: Some(code),
                instance: Some(id),
                ..Access::of("data", MemoryId(memory_id), memory, &bulk.site)
            });
        }
        done?;
        let segment = &mut self.instances[id.0 as usize].data[index];
        self.config.rules.drop_data(segment);
        Ok(())
    }
}

/// Whether something of type `found` may be imported as `wanted`.
/// <https://webassembly.github.io/spec/core/valid/matching.html>
fn matches(found: &ExternType, wanted: &ExternType) -> bool {
    match (found, wanted) {
        (ExternType::Func(found), ExternType::Func(wanted)) => found == wanted,
        (ExternType::Global(found), ExternType::Global(wanted)) => found == wanted,
        (ExternType::Table(found), ExternType::Table(wanted)) => {
            found.address == wanted.address
                && found.element == wanted.element
                && limits_match(
                    (found.minimum, found.maximum),
                    (wanted.minimum, wanted.maximum),
                )
        }
        (ExternType::Memory(found), ExternType::Memory(wanted)) => {
            found.address == wanted.address
                && found.shared == wanted.shared
                && found.page_size_log2 == wanted.page_size_log2
                && limits_match(
                    (found.minimum, found.maximum),
                    (wanted.minimum, wanted.maximum),
                )
        }
        _ => false,
    }
}
