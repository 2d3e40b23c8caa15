;; bug: wasmtime-atomic-at-the-end
;; a notify or a wait of the last cell of a memory traps
(module
  (memory 1)
  (func (export "f") (result i32) (memory.atomic.notify (i32.const 65532) (i32.const 0))))
(assert_return (invoke "f") (i32.const 0))
