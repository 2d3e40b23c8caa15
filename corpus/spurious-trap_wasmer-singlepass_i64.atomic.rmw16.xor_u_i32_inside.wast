;; signature: spurious-trap_wasmer-singlepass_i64.atomic.rmw16.xor_u_i32_inside
;; specified: success
;;   Threads: atomic memory instructions
;;   https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
;; got: trap: UnalignedAtomic
;; diverges: wasmer/singlepass 7.3.0, wasmer/singlepass+dynamic 7.3.0,
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
;;   wasmtime/winch+dynamic 48.0.8, wasmtime/winch+pooling 48.0.8, wasmtime/winch+fuel 48.0.8,
;;   wasmer/cranelift 7.3.0, wasmer/cranelift+o0 7.3.0, wasmer/cranelift+dynamic 7.3.0,
;;   wasmer/cranelift+no-guard 7.3.0, wasmer/cranelift+metered 7.3.0,
;;   wasmer/cranelift+serialized 7.3.0
;; found: seed 1001, case 6787, on x86_64, linux
(module
  (memory 0)
  (func (export "f") (drop (memory.grow (i32.const 1))))
  (func (export "g") (param i32 i64 i64)
    (drop
      (i64.atomic.rmw16.xor_u
        (if (result i32) (i32.const 0) (then (i32.const 0)) (else (i32.const 0)))
        (i64.const 0)))))
(assert_return (invoke "f"))
(assert_return (invoke "g" (i32.const 0) (i64.const 0) (i64.const 1)))
