;; bug: wasmtime-fixed-imported-beyond-reservation
;; an access beyond the reservation of a 64-bit memory that may not move traps, where the import has a smaller minimum
;; specified: success
;;   Execution: load
;;   https://webassembly.github.io/spec/core/exec/instructions.html#exec-load
;; got: trap: OutOfBoundsMemory
;; diverges: wasmtime/cranelift+fixed
;; conforms: wasmtime/cranelift, wasmtime/cranelift+o0, wasmtime/cranelift+dynamic,
;;   wasmtime/cranelift+o0+dynamic, wasmtime/cranelift+small-guard, wasmtime/cranelift+moving,
;;   wasmtime/cranelift+no-signals, wasmtime/cranelift+no-cow, wasmtime/cranelift+no-guard-before,
;;   wasmtime/cranelift+no-spectre, wasmtime/cranelift+creator, wasmtime/cranelift+fuel,
;;   wasmtime/cranelift+epochs, wasmtime/cranelift+serialized, wasmtime/winch,
;;   wasmtime/winch+dynamic, wasmtime/winch+fuel, wasmtime/pulley (all 2)
;; versions: wasmtime 48.0.8
;; found: seed 2026, case 1238, on x86_64, linux
(module $m0 (memory (export "mem1") i64 131072))
(register "m0" $m0)
(module $m1
  (import "m0" "mem1" (memory i64 0))
  (func (export "f3") (drop (i32.load8_u (i64.const 4294967296)))))
(assert_return (invoke $m1 "f3"))
