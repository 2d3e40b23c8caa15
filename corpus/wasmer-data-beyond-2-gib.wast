;; bug: wasmer-data-beyond-2-gib
;; an active data segment beyond 2 GiB traps: its offset is sign-extended
;; specified: success
;;   Execution: instantiation
;;   https://webassembly.github.io/spec/core/exec/modules.html#exec-instantiation
;; got: trap: OutOfBoundsMemory
;; diverges: wasmer: all 11
;; conforms: wasmtime: all 24
;; versions: wasmtime 48.0.8, wasmer 7.3.0
;; found: seg.wast, case 0, on x86_64, linux
(module (memory 32768) (data (i32.const -2147483648) ""))
