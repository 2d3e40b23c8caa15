//! Tests of these.

use super::*;

/// A pool whose memories have no byte is no configuration of its own: it refuses
/// every module with a page. Accesses were not checked in one once (CVE-2022-39392).
#[test]
fn accesses_to_a_slot_without_a_byte_trap() {
    let text = "(module (memory (export \"m\") 0)
        (func (export \"load\") (param i32) (drop (i32.load8_u (local.get 0)))))";
    let wasm = crate::engine::verify::encode(text);
    for compiler in [CRANELIFT, WINCH] {
        let settings = Settings {
            allocator: Allocator::Pooling(Slots {
                largest: Some(0),
                ..SLOTS
            }),
            ..compiler
        };
        let engine = wasmtime::Engine::new(&settings.config()).expect("an engine");
        let module = wasmtime::Module::from_binary(&engine, &wasm).expect("valid");
        let mut store = wasmtime::Store::new(&engine, ());
        let instance = wasmtime::Instance::new(&mut store, &module, &[]).expect("a slot");
        let load = instance
            .get_typed_func::<i32, ()>(&mut store, "load")
            .expect("exported");
        for address in [0, 0xffff, 0x1_0000, -1] {
            let trap = load
                .call(&mut store, address)
                .expect_err("no byte is there");
            let trap = trap.downcast_ref::<wasmtime::Trap>();
            assert_eq!(trap, Some(&wasmtime::Trap::MemoryOutOfBounds), "{address}");
        }
    }
}

/// Takes wasmtime's tunables apart: a new one stops the build of the tests
/// until somebody has decided whether it makes a configuration.
#[test]
fn every_tunable_is_known_and_the_defaults_are_what_we_take_them_for() {
    let wasmtime_environ::Tunables {
        // What a configuration of ours sets.
        memory_reservation,
        memory_reservation_for_growth,
        memory_guard_size,
        memory_may_move,
        guard_before_linear_memory,
        memory_init_cow,
        signals_based_traps,
        consume_fuel,
        epoch_interruption,
        generate_address_map: _,
        // The compiler sets it.
        winch_callable: _,
        // What has nothing to do with linear memories.
        collector: _,
        debug_native: _,
        debug_guest: _,
        debug_symbols: _,
        parse_wasm_debuginfo: _,
        operator_cost: _,
        table_lazy_init: _,
        debug_adapter_modules: _,
        relaxed_simd_deterministic: _,
        inlining: _,
        inlining_small_callee_size: _,
        inlining_sum_size_threshold: _,
        concurrency_support: _,
        recording: _,
        gc_zeal_alloc_counter: _,
        gc_heap_reservation: _,
        gc_heap_guard_size: _,
        gc_heap_reservation_for_growth: _,
        gc_heap_initial_size: _,
        gc_heap_may_move: _,
        metadata_for_internal_asserts: _,
        metadata_for_gc_heap_corruption: _,
        branch_hinting: _,
    } = wasmtime_environ::Tunables::default_u64();
    assert_eq!(
        (memory_reservation, memory_reservation_for_growth),
        (
            CRANELIFT.reserves().at_first,
            CRANELIFT.reserves().for_growth
        )
    );
    assert_eq!(memory_guard_size, 32 << 20);
    assert_eq!(
        (
            memory_may_move,
            guard_before_linear_memory,
            memory_init_cow,
            signals_based_traps,
        ),
        (
            LAYOUT.may_move,
            LAYOUT.guard_before,
            LAYOUT.copy_on_write,
            CRANELIFT.signals,
        )
    );
    assert!(!consume_fuel && !epoch_interruption);
}
