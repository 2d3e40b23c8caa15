;; bug: bun-end-of-4-gib-with-a-large-offset
;; an access with a large static offset to the end of a memory of 4 GiB traps
;; specified: success
;;   Execution: load
;;   https://webassembly.github.io/spec/core/exec/instructions.html#exec-load
;; got: trap: OutOfBoundsMemory or UnalignedAtomic or ExpectedSharedMemory
;; diverges: bun@1.4.5/bbq, bun@1.4.5/omg
;; conforms: wasmtime: all 24, wasmer: all 11, node@26.10.0: all 6, bun@1.4.5/tiered,
;;   bun@1.4.5/ipint (all 2), bun@1.4.5/bbq+checks, bun@1.4.5/omg+checks
;; versions: wasmtime 48.0.8, wasmer 7.3.0, wasmi 2.0.0, node 26.10.0, bun 1.4.5
;; found: seed 31 for engines without custom-page-sizes, case 4161, on x86_64, linux
(module
  (memory 65536)
  (func (export "f") (drop (i32.load8_u offset=3190464755 (i32.const 1104502540)))))
(assert_return (invoke "f"))
