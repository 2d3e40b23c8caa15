;; bug: wasmer-singlepass-rmw8-of-a-constant
;; a module with an i64.atomic.rmw8.add_u of a constant is not compiled
;; specified: success
;;   Validation: modules
;;   https://webassembly.github.io/spec/core/valid/modules.html
;; got: rejected: Compilation error: singlepass can't emit MOVZX S8 Imm64(0) S64 GPR(RAX)
;; diverges: wasmer/singlepass (all 5)
;; conforms: wasmtime/cranelift (all 18), wasmtime/winch (all 4), wasmer/cranelift (all 6)
;; versions: wasmtime 48.0.8, wasmer 7.3.0
;; found: seed 1001, case 382, on x86_64, linux
(module definition $m0 (memory 0) (func (drop (i64.atomic.rmw8.add_u (i32.const 0) (i64.const 0)))))
