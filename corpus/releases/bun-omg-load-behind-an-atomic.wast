;; bug: bun-omg-load-behind-an-atomic
;; a load that must trap traps only behind the atomic access that follows it
;; specified: i32:0x0
;;   Threads: atomic memory instructions
;;   https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
;; got: i32:0x1
;; diverges: bun@1.4.5/omg
;; conforms: wasmtime/cranelift (all 18), wasmtime/winch (all 4), wasmer: all 11, node@26.10.0: all
;;   6, bun@1.4.5/tiered, bun@1.4.5/ipint (all 2), bun@1.4.5/bbq (all 2), bun@1.4.5/omg+checks
;; versions: wasmtime 48.0.8, wasmer 7.3.0, wasmi 2.0.0, node 26.10.0, bun 1.4.5
;; found: seed 31 for engines without custom-page-sizes, case 3971, on x86_64, linux
(module
  (memory (export "mem0") 2)
  (func (export "f") (result i32)
    (local i32)
    (local.set 0 (i32.extend8_s (i32.load (i32.const 131071))))
    (drop (i64.atomic.rmw8.cmpxchg_u (i32.const 65536) (i64.const 0) (i64.const 1)))
    (drop (i32.load8_u (i32.const 131072)))
    (local.get 0))
  (func (export "g") (drop (i64.atomic.rmw.or (i32.const 131064) (i64.const 1))))
  (func (export "load") (result i32) (i32.load8_u (i32.const 65536))))
(assert_trap (invoke "f") "out of bounds memory access")
(assert_return (invoke "g"))
(assert_trap (invoke "f") "out of bounds memory access")
(assert_return (invoke "load") (i32.const 0))
