;; signature: missing-trap_wasmer_memory.atomic.wait32_i32_inside
;; SECURITY: this can break a sandbox. Report it to the engine's private security
;; contact, not in a public tracker.
;; specified: trap: ExpectedSharedMemory
;;   Threads: atomic memory instructions
;;   https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
;; got: success
;; diverges: wasmer/cranelift 7.3.0, wasmer/cranelift+o0 7.3.0, wasmer/cranelift+dynamic 7.3.0,
;;   wasmer/cranelift+no-guard 7.3.0, wasmer/cranelift+metered 7.3.0,
;;   wasmer/cranelift+serialized 7.3.0, wasmer/singlepass 7.3.0, wasmer/singlepass+dynamic 7.3.0,
;;   wasmer/singlepass+no-guard 7.3.0, wasmer/singlepass+metered 7.3.0,
;;   wasmer/singlepass+serialized 7.3.0
;; conforms: wasmtime/cranelift 48.0.8, wasmtime/cranelift+o0 48.0.8,
;;   wasmtime/cranelift+dynamic 48.0.8, wasmtime/cranelift+o0+dynamic 48.0.8,
;;   wasmtime/cranelift+small-guard 48.0.8, wasmtime/cranelift+moving 48.0.8,
;;   wasmtime/cranelift+fixed 48.0.8, wasmtime/cranelift+no-signals 48.0.8,
;;   wasmtime/cranelift+no-cow 48.0.8, wasmtime/cranelift+no-guard-before 48.0.8,
;;   wasmtime/cranelift+no-spectre 48.0.8, wasmtime/cranelift+pooling 48.0.8,
;;   wasmtime/cranelift+pooling+resident 48.0.8, wasmtime/cranelift+pooling+no-cow 48.0.8,
;;   wasmtime/cranelift+creator 48.0.8, wasmtime/cranelift+fuel 48.0.8,
;;   wasmtime/cranelift+epochs 48.0.8, wasmtime/cranelift+serialized 48.0.8, wasmtime/winch 48.0.8,
;;   wasmtime/winch+dynamic 48.0.8, wasmtime/winch+pooling 48.0.8, wasmtime/winch+fuel 48.0.8
;; found: seed 1001, case 2793, on x86_64, linux, made plainer by hand
(module
  (memory 1)
  (func (export "f") (drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const 0)))))
(assert_trap (invoke "f") "expected shared memory")
