;; bug: bun-omg-rmw8-sub-of-an-i64
;; i64.atomic.rmw8.sub_u leaves a wrong byte in a memory, once it is compiled by OMG
;; specified: i32:0xff
;;   Threads: atomic memory instructions
;;   https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
;; got: i32:0x15
;; diverges: bun@1.4.5/omg
;; got: i32:0x6a
;; diverges: bun@1.4.5/omg+checks
;; conforms: wasmtime/cranelift, wasmtime/cranelift+o0, wasmtime/cranelift+fixed,
;;   wasmtime/cranelift+no-signals, wasmtime/cranelift+no-cow, wasmtime/cranelift+no-guard-before,
;;   wasmtime/cranelift+fuel, wasmtime/cranelift+epochs, wasmtime/cranelift+serialized,
;;   wasmtime/winch, wasmtime/winch+fuel, wasmer: all 11, node@26.10.0: all 6, bun@1.4.5/tiered,
;;   bun@1.4.5/ipint (all 2), bun@1.4.5/bbq (all 2)
;; versions: wasmtime 48.0.8, wasmer 7.3.0, wasmi 2.0.0, node 26.10.0, bun 1.4.5
;; found: seed 31 for engines without custom-page-sizes, case 16470, on x86_64, linux
(module $m0
  (memory (export "mem0") 0 0 shared)
  (memory (export "mem1") 1 1 shared)
  (func (export "load") (result i32) (i32.load8_u 1 (i32.const 0))))
(register "m0" $m0)
(module $m1
  (import "m0" "mem0" (memory 0 0 shared))
  (import "m0" "mem1" (memory 0 1 shared))
  (func (export "f4") (param i64) (drop (i64.atomic.rmw8.sub_u 1 (i32.const 0) (local.get 0)))))
(assert_return (invoke $m1 "f4" (i64.const 0)))
(assert_return (invoke $m1 "f4" (i64.const 1)))
(assert_return (invoke $m0 "load") (i32.const 255))
