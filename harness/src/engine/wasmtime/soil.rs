//! What was in a pool before: an instance that wrote all over its memory, so that
//! a slot that is not cleaned is seen by the very script that gets it.

use wasmtime::{Engine, Instance, Module, Store};

/// A module that leaves its slot dirty, and its data segment mapped there.
pub(super) struct Soil(Module);

/// Slots that are soiled before each script: as many as most have memories.
const SLOTS: usize = 3;

/// Grows beyond where it began and writes to every page of the system.
const TEXT: &str = "(module
    (memory 1)
    (data (i32.const 0) \"\\5a\\5a\\5a\\5a\\5a\\5a\\5a\\5a\")
    (func $soil (local $address i32)
      (drop (memory.grow (i32.const 2)))
      (loop $next
        (i64.store offset=0x804 (local.get $address) (i64.const 0x5a5a5a5a5a5a5a5a))
        (br_if $next (i32.lt_u
          (local.tee $address (i32.add (local.get $address) (i32.const 0x1000)))
          (i32.const 0x30000)))))
    (start $soil))";

impl Soil {
    /// Compiles it.
    ///
    /// # Errors
    ///
    /// The engine's own words where it cannot.
    pub(super) fn new(engine: &Engine) -> Result<Soil, String> {
        let wasm = crate::engine::verify::encode(TEXT);
        let module = Module::from_binary(engine, &wasm).map_err(|e| format!("{e:#}"))?;
        Ok(Soil(module))
    }

    /// Soils slots and frees them.
    pub(super) fn spread(&self) {
        self.spread_and(|_, _| {});
    }

    fn spread_and(&self, mut look: impl FnMut(&Instance, &mut Store<()>)) {
        let mut store = Store::new(self.0.engine(), ());
        // Without fuel or a deadline the start function would not run.
        let _ = store.set_fuel(super::FUEL);
        store.set_epoch_deadline(super::EPOCHS);
        for _ in 0..SLOTS {
            // Where it fails, a script will say so.
            if let Ok(instance) = Instance::new(&mut store, &self.0, &[]) {
                look(&instance, &mut store);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::wasmtime::configurations;

    #[test]
    fn the_next_instances_get_the_soiled_slots() {
        for settings in configurations::pools() {
            let engine = Engine::new(&settings.config()).expect("an engine");
            let exporting = TEXT.replace("(memory 1)", "(memory (export \"mem\") 1)");
            let wasm = crate::engine::verify::encode(&exporting);
            let soil = Soil(Module::from_binary(&engine, &wasm).expect("valid"));
            for _ in 0..3 {
                let mut soiled = Vec::new();
                soil.spread_and(|instance, store| {
                    let memory = instance.get_memory(&mut *store, "mem").expect("exported");
                    assert_eq!(memory.data(&*store)[0x2f804], 0x5a);
                    soiled.push(memory.data_ptr(&*store));
                });
                assert_eq!(soiled.len(), SLOTS);
                let other = "(module (memory (export \"mem\") 3))";
                let wasm = crate::engine::verify::encode(other);
                let module = Module::from_binary(&engine, &wasm).expect("valid");
                let mut store = Store::new(&engine, ());
                for _ in 0..SLOTS {
                    let instance = Instance::new(&mut store, &module, &[]).expect("a slot");
                    let memory = instance.get_memory(&mut store, "mem").expect("exported");
                    assert!(soiled.contains(&memory.data_ptr(&store)));
                }
            }
        }
    }
}
