//! What is in a pool before a script and beside it: slots that an instance wrote all
//! over, so that one that is not cleaned is seen by the very script that gets it; and
//! between them the memories of other stores, which nobody else may change.

use wasmtime::{Engine, Instance, Memory, Module, Store};

/// A module that leaves its slot dirty, and its data segment mapped there.
pub(super) struct Soil {
    module: Module,
    /// What its memory is then.
    soiled: Vec<u8>,
}

/// Slots that are soiled before each script: as many as most have memories. There are
/// as many neighbours.
const SLOTS: usize = 3;

/// Grows beyond where it began and writes to every page of the system.
const TEXT: &str = "(module
    (memory (export \"mem\") 1)
    (data (i32.const 0) \"\\5a\\5a\\5a\\5a\\5a\\5a\\5a\\5a\")
    (func $soil (local $address i32)
      (drop (memory.grow (i32.const 2)))
      (loop $next
        (i64.store offset=0x804 (local.get $address) (i64.const 0x5a5a5a5a5a5a5a5a))
        (br_if $next (i32.lt_u
          (local.tee $address (i32.add (local.get $address) (i32.const 0x1000)))
          (i32.const 0x30000)))))
    (start $soil))";

/// An instance in a store of its own.
struct Tenant {
    store: Store<()>,
    memory: Memory,
}

/// Instances of other stores that are there while a script runs.
///
/// Where one of their memories was changed, the process ends when they go, as it does
/// at an access to what is inaccessible.
pub(super) struct Neighbours<'a> {
    tenants: Vec<Tenant>,
    soiled: &'a [u8],
}

impl Soil {
    /// Compiles it.
    ///
    /// # Errors
    ///
    /// The engine's own words where it cannot, or if no slot can be had.
    pub(super) fn new(engine: &Engine) -> Result<Soil, String> {
        let wasm = crate::engine::verify::encode(TEXT);
        let module = Module::from_binary(engine, &wasm).map_err(|e| format!("{e:#}"))?;
        let mut soil = Soil {
            module,
            soiled: Vec::new(),
        };
        // Without it every neighbour would count as changed.
        let Tenant { store, memory } = soil.tenant().ok_or("no slot for an instance")?;
        soil.soiled = memory.data(&store).to_vec();
        Ok(soil)
    }

    /// Soils slots and frees every other one.
    pub(super) fn spread(&self) -> Neighbours<'_> {
        let (tenants, freed) = self.tenants();
        drop(freed);
        Neighbours {
            tenants,
            soiled: &self.soiled,
        }
    }

    /// Twice as many as are soiled, each second one apart. Where one cannot be made, a
    /// script will say so.
    fn tenants(&self) -> (Vec<Tenant>, Vec<Tenant>) {
        let mut tenants = (Vec::new(), Vec::new());
        for _ in 0..SLOTS {
            tenants.0.extend(self.tenant());
            tenants.1.extend(self.tenant());
        }
        tenants
    }

    fn tenant(&self) -> Option<Tenant> {
        let mut store = Store::new(self.module.engine(), ());
        // Without fuel or a deadline the start function would not run.
        let _ = store.set_fuel(super::FUEL);
        store.set_epoch_deadline(super::EPOCHS);
        let instance = Instance::new(&mut store, &self.module, &[]).ok()?;
        let memory = instance.get_memory(&mut store, "mem")?;
        Some(Tenant { store, memory })
    }
}

impl Neighbours<'_> {
    /// The first byte of a neighbour's memory that is another than it was.
    fn changed(&self) -> Option<usize> {
        self.tenants.iter().find_map(|Tenant { store, memory }| {
            let bytes = memory.data(store);
            if bytes == self.soiled {
                return None;
            }
            let mut pairs = bytes.iter().zip(self.soiled);
            Some(pairs.position(|(is, was)| is != was).unwrap_or(bytes.len()))
        })
    }
}

impl Drop for Neighbours<'_> {
    fn drop(&mut self) {
        if let Some(address) = self.changed() {
            eprintln!("the memory of an instance in another store was changed at {address:#x}");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::wasmtime::configurations;

    fn addresses(tenants: &[Tenant]) -> Vec<*mut u8> {
        let addresses = tenants
            .iter()
            .map(|Tenant { store, memory }| memory.data_ptr(store));
        addresses.collect()
    }

    #[test]
    fn the_next_instances_get_the_soiled_slots_between_neighbours() {
        for settings in configurations::pools() {
            let engine = Engine::new(&settings.config()).expect("an engine");
            let soil = Soil::new(&engine).expect("it compiles");
            assert_eq!(soil.soiled[0x2f804], 0x5a);
            let other = "(module (memory (export \"mem\") 3))";
            let wasm = crate::engine::verify::encode(other);
            let module = Module::from_binary(&engine, &wasm).expect("valid");
            for _ in 0..3 {
                let (_kept, freed) = soil.tenants();
                let soiled = addresses(&freed);
                assert_eq!(soiled.len(), SLOTS);
                drop(freed);
                let mut store = Store::new(&engine, ());
                for _ in 0..SLOTS {
                    let instance = Instance::new(&mut store, &module, &[]).expect("a slot");
                    let memory = instance.get_memory(&mut store, "mem").expect("exported");
                    assert!(soiled.contains(&memory.data_ptr(&store)));
                }
            }
        }
    }

    #[test]
    fn a_change_to_a_neighbour_is_seen() {
        let [settings, _] = configurations::pools();
        let engine = Engine::new(&settings.config()).expect("an engine");
        let soil = Soil::new(&engine).expect("it compiles");
        let mut neighbours = soil.spread();
        assert_eq!(neighbours.changed(), None);
        let Tenant { store, memory } = &mut neighbours.tenants[1];
        let byte = &mut memory.data_mut(store)[0x1_2345];
        *byte ^= 1;
        assert_eq!(neighbours.changed(), Some(0x1_2345));
        // What goes unchanged does not end the process.
        let Tenant { store, memory } = &mut neighbours.tenants[1];
        memory.data_mut(store)[0x1_2345] ^= 1;
        assert_eq!(neighbours.changed(), None);
    }
}
