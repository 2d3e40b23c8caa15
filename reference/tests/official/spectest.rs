//! The module `spectest` that the suite imports from.

use std::sync::Arc;

use trapline_reference::{
    AddressType, Extern, FuncType, MemoryType, Store, TableType, Value, ValueType,
};

/// The exports of `spectest`, made in a store.
pub(crate) struct Spectest(Vec<(&'static str, Extern)>);

impl Spectest {
    /// Adds everything to a store.
    pub(crate) fn new(store: &mut Store) -> Spectest {
        use ValueType::{F32, F64, I32, I64};
        let mut exports = Vec::new();
        for (name, params) in [
            ("print", vec![]),
            ("print_i32", vec![I32]),
            ("print_i64", vec![I64]),
            ("print_f32", vec![F32]),
            ("print_f64", vec![F64]),
            ("print_i32_f32", vec![I32, F32]),
            ("print_f64_f64", vec![F64, F64]),
        ] {
            let ty = FuncType {
                params,
                results: vec![],
            };
            let func = store.add_func(ty, Arc::new(|_, _| Ok(vec![])));
            exports.push((name, Extern::Func(func)));
        }
        for (name, value) in [
            ("global_i32", Value::I32(666)),
            ("global_i64", Value::I64(666)),
            ("global_f32", Value::F32(666.6f32.to_bits())),
            ("global_f64", Value::F64(666.6f64.to_bits())),
        ] {
            exports.push((name, Extern::Global(store.add_global(false, value))));
        }
        for (name, address) in [("table", AddressType::I32), ("table64", AddressType::I64)] {
            let ty = TableType {
                address,
                element: ValueType::FuncRef,
                minimum: 10,
                maximum: Some(20),
            };
            exports.push((name, Extern::Table(store.add_table(ty).expect("small"))));
        }
        for (name, shared) in [("memory", false), ("shared_memory", true)] {
            let ty = MemoryType {
                address: AddressType::I32,
                shared,
                page_size_log2: 16,
                minimum: 1,
                maximum: Some(2),
            };
            exports.push((name, Extern::Memory(store.add_memory(ty).expect("small"))));
        }
        Spectest(exports)
    }

    /// One of the exports.
    pub(crate) fn get(&self, name: &str) -> Option<Extern> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, e)| *e)
    }
}
