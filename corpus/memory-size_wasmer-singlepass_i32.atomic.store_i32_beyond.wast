;; signature: memory-size_wasmer-singlepass_i32.atomic.store_i32_beyond
;; specified: i32:0x2
;;   Threads: atomic memory instructions
;;   https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
;; got: i32:0x1
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
;; found: seed 1001, case 7159, on x86_64, linux, made plainer by hand
(module
  (memory (export "mem0") 1)
  (func (export "f") (param i32)
    (drop
      (i32.atomic.rmw8.cmpxchg_u (block (result i32) (i32.const 0)) (i32.const 0) (i32.const 1)))
    (drop (memory.grow (i32.const 1)))
    (i32.atomic.store (i32.const 131072) (i32.const 0)))
  (func (export "size") (result i32) (memory.size)))
(assert_trap (invoke "f" (i32.const 0)) "out of bounds memory access")
(assert_return (invoke "size") (i32.const 2))
