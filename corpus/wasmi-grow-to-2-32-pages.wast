;; bug: wasmi-grow-to-2-32-pages
;; a 32-bit memory with pages of 1 byte grows to 2^32 pages, a size that memory.size cannot give
;; specified: i32:0xffffffff
;;   Execution: memory.grow
;;   https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-grow
;; got: i32:0x1
;; diverges: wasmi: all 6
;; conforms: wasmtime: all 31
;; versions: wasmtime 48.0.8, wasmer 7.3.0, wasmi 2.0.0
;; needs: --large always, to make memories of some GiB resident
;; found: seed 2811 with --focus grow,memory64 for engines without threads atomics, case 14752, on
;;   x86_64, linux
(module (memory 1 (pagesize 0x1)) (func (export "f") (result i32) (memory.grow (i32.const -1))))
(assert_return (invoke "f") (i32.const -1))
