;; signature: value_wasmer-singlepass_i32.atomic.rmw16.sub_u_i32-shared_inside
;; specified: i64:0x0
;;   Threads: atomic memory instructions
;;   https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
;; got: i64:0x10000
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
;; found: seed 1001, case 3131, on x86_64, linux
(module $m0
  (memory (export "mem0") 0 1 shared)
  (func (export "f5") (drop (memory.grow (i32.const 1)))))
(register "m0" $m0)
(module $m1
  (import "m0" "mem0" (memory 0 1 shared))
  (func (export "f1") (result i64)
    (i64.extend_i32_u (i32.atomic.rmw16.sub_u (i32.const 0) (i32.const 65536)))))
(assert_return (invoke $m0 "f5"))
(assert_return (invoke $m1 "f1") (i64.const 0))
