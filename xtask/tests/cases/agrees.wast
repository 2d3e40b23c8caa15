(module (memory (export "m") 1)
  (func (export "f") (param i32) (result i32) (i32.load (local.get 0))))
(assert_return (invoke "f" (i32.const 65532)) (i32.const 0))
(assert_trap (invoke "f" (i32.const 65533)) "out of bounds memory access")
