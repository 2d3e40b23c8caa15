;; bug: wasmer-singlepass-dynamic-empty-memory
;; accesses to an empty memory that is not reserved whole are not checked
;; SECURITY: this can break a sandbox. Report it to the engine's private security
;; contact, not in a public tracker.
;; specified: trap: OutOfBoundsMemory
;;   Execution: load
;;   https://webassembly.github.io/spec/core/exec/instructions.html#exec-load
;; got: success
;; diverges: wasmer/singlepass+dynamic
;; conforms: all other 40
;; versions: wasmtime 48.0.8, wasmer 7.3.0, wasmi 2.0.0
;; found: dynamic-memory-of-no-pages.wast, case 0, on x86_64, linux
(module (memory 0) (func (export "f") (drop (i32.load (i32.const 65536)))))
(assert_trap (invoke "f") "out of bounds memory access")
