;; signature: panic_wasmtime-cranelift-some-winch_assertion-failed-fault.is_none
;; specified: trap: OutOfBoundsMemory
;;   Execution: instructions
;;   https://webassembly.github.io/spec/core/exec/instructions.html
;; got: panic: assertion failed: fault.is_none()
;; diverges: wasmtime/cranelift 48.0.8, wasmtime/cranelift+o0 48.0.8,
;;   wasmtime/cranelift+fixed 48.0.8, wasmtime/cranelift+no-cow 48.0.8,
;;   wasmtime/cranelift+no-guard-before 48.0.8, wasmtime/cranelift+fuel 48.0.8,
;;   wasmtime/cranelift+epochs 48.0.8, wasmtime/cranelift+serialized 48.0.8, wasmtime/winch 48.0.8,
;;   wasmtime/winch+fuel 48.0.8
;; conforms: wasmtime/cranelift+no-signals 48.0.8, wasmer/cranelift 7.3.0,
;;   wasmer/cranelift+o0 7.3.0, wasmer/cranelift+dynamic 7.3.0, wasmer/cranelift+no-guard 7.3.0,
;;   wasmer/cranelift+metered 7.3.0, wasmer/cranelift+serialized 7.3.0, wasmer/singlepass 7.3.0,
;;   wasmer/singlepass+dynamic 7.3.0, wasmer/singlepass+no-guard 7.3.0,
;;   wasmer/singlepass+metered 7.3.0, wasmer/singlepass+serialized 7.3.0
;; found: seed 1001, case 6, on x86_64, linux
(module $m0
  (memory (export "mem0") 0 1 shared)
  (func (export "f2") (i64.store32 (i32.const 0) (i64.const 0))))
(register "m0" $m0)
(module $m1 (import "m0" "mem0" (memory 0 1 shared)))
(assert_trap (invoke $m0 "f2") "out of bounds memory access")
