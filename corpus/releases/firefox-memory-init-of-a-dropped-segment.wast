;; bug: firefox-memory-init-of-a-dropped-segment
;; memory.init of no bytes from a dropped segment does not trap beyond the end of the memory
;; specified: trap: OutOfBoundsMemory
;;   Execution: memory.init
;;   https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-init
;; got: success
;; diverges: firefox@140.10.2: all 5
;; conforms: all other 47
;; versions: wasmtime 48.0.8, wasmer 7.3.0, wasmi 2.0.0, chromium 148.0.7778-167, firefox 140.10.2
;; found: seed 5 for engines without custom-page-sizes, case 52, on x86_64, linux
(module
  (memory 0)
  (func (export "f") (memory.init 0 (i32.const 1) (i32.const 0) (i32.const 0)))
  (func (export "g") (data.drop 0))
  (data ""))
(assert_return (invoke "g"))
(assert_trap (invoke "f") "out of bounds memory access")
