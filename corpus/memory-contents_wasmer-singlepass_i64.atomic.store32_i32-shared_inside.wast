;; signature: memory-contents_wasmer-singlepass_i64.atomic.store32_i32-shared_inside
;; specified: memory $m0 "mem0": other bytes
;;   Threads: atomic memory instructions
;;   https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
;; got: a difference in its chunk 1 (64 KiB each)
;; diverges: wasmer/singlepass 7.3.0, wasmer/singlepass+dynamic 7.3.0,
;;   wasmer/singlepass+no-guard 7.3.0, wasmer/singlepass+metered 7.3.0,
;;   wasmer/singlepass+serialized 7.3.0
;; conforms: wasmtime/cranelift 48.0.8, wasmtime/cranelift+o0 48.0.8,
;;   wasmtime/cranelift+fixed 48.0.8, wasmtime/cranelift+no-signals 48.0.8,
;;   wasmtime/cranelift+no-cow 48.0.8, wasmtime/cranelift+no-guard-before 48.0.8,
;;   wasmtime/cranelift+fuel 48.0.8, wasmtime/cranelift+epochs 48.0.8,
;;   wasmtime/cranelift+serialized 48.0.8, wasmtime/winch 48.0.8, wasmtime/winch+fuel 48.0.8,
;;   wasmer/cranelift 7.3.0, wasmer/cranelift+o0 7.3.0, wasmer/cranelift+dynamic 7.3.0,
;;   wasmer/cranelift+no-guard 7.3.0, wasmer/cranelift+metered 7.3.0,
;;   wasmer/cranelift+serialized 7.3.0
;; found: seed 1001, case 2481, on x86_64, linux
(module $m0
  (memory (export "mem0") 0 2 shared)
  (func (export "f4") (drop (memory.grow (i32.const 2))))
  (func (export "f8") (i64.atomic.store32 (i32.const 65536) (i64.const 1))))
(register "m0" $m0)
(assert_return (invoke $m0 "f4"))
(assert_return (invoke $m0 "f8"))
(module $m1
  (import "m0" "mem0" (memory 0 2 shared))
  (func (export "f4")
    (i64.atomic.store32 (i32.const 65538) (i64.const 1))
    (drop (i64.atomic.rmw32.xor_u (i32.const 1) (i64.const 0)))))
(assert_trap (invoke $m1 "f4") "unaligned atomic")
