;; bug: wasmer-bulk-to-4-gib
;; a memory.fill, memory.copy or memory.init that ends at exactly 4 GiB traps
;; specified: success
;;   Execution: memory.fill
;;   https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-fill
;; got: trap: OutOfBoundsMemory
;; diverges: wasmer: all 11
;; conforms: wasmtime: all 24
;; versions: wasmtime 48.0.8, wasmer 7.3.0
;; found: seed 90210, case 4806, on x86_64, linux
(module
  (memory 65536)
  (func (export "f") (memory.fill (i32.const -32) (i32.const 0) (i32.const 32))))
(assert_return (invoke "f"))
