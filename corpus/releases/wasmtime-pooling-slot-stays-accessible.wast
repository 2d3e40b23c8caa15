;; bug: wasmtime-pooling-slot-stays-accessible
;; a slot of a pool without guards stays accessible behind a smaller memory, where nothing traps
;; SECURITY: this can break a sandbox. Report it to the engine's private security
;; contact, not in a public tracker.
;; specified: trap: OutOfBoundsMemory
;;   Execution: load
;;   https://webassembly.github.io/spec/core/exec/instructions.html#exec-load
;; got: success
;; diverges: wasmtime@36.0.4/cranelift+pooling+small
;; conforms: all other 78
;; versions: wasmtime 48.0.8, wasmer 7.3.0, wasmi 2.0.0, wasmtime 36.0.4
;; found: seed 4 for engines without threads externref, case 11, on x86_64, linux
(module (memory 0 1) (func (export "f") (drop (i32.load8_u (i32.const 0)))))
(assert_trap (invoke "f") "out of bounds memory access")
