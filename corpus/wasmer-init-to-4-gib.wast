;; bug: wasmer-init-to-4-gib
;; a memory.init of any length that ends at exactly 4 GiB traps
;; specified: success
;;   Execution: memory.init
;;   https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-init
;; got: trap: OutOfBoundsMemory
;; diverges: wasmer: all 11
;; conforms: wasmtime: all 24
;; versions: wasmtime 48.0.8, wasmer 7.3.0, wasmi 2.0.0
;; found: seed 1 for engines without memory64 custom-page-sizes tail-call, case 404, on x86_64,
;;   linux
(module
  (memory 65536)
  (func (export "f") (memory.init 0 (i32.const -7) (i32.const 0) (i32.const 7)))
  (data "\ad\ae\af\b0\b1\b2\b3\b4\b5"))
(assert_return (invoke "f"))
