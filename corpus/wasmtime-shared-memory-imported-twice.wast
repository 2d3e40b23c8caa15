;; bug: wasmtime-shared-memory-imported-twice
;; an out-of-bounds access to a shared memory that another instance imports panics
;; specified: trap: OutOfBoundsMemory
;;   Execution: instructions
;;   https://webassembly.github.io/spec/core/exec/instructions.html
;; got: panic: assertion failed: fault.is_none()
;; diverges: wasmtime/cranelift, wasmtime/cranelift+o0, wasmtime/cranelift+fixed,
;;   wasmtime/cranelift+no-cow, wasmtime/cranelift+no-guard-before, wasmtime/cranelift+fuel,
;;   wasmtime/cranelift+epochs, wasmtime/cranelift+serialized, wasmtime/winch, wasmtime/winch+fuel
;; conforms: wasmtime/cranelift+no-signals, wasmer: all 11
;; versions: wasmtime 48.0.8, wasmer 7.3.0
;; found: seed 1001, case 6, on x86_64, linux
(module $m0
  (memory (export "mem0") 0 1 shared)
  (func (export "f2") (i64.store32 (i32.const 0) (i64.const 0))))
(register "m0" $m0)
(module $m1 (import "m0" "mem0" (memory 0 1 shared)))
(assert_trap (invoke $m0 "f2") "out of bounds memory access")
