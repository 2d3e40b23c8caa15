;; The opposite of the claim: under a budget of 1 MiB, a grow beyond
;; it fails, and the memory is used as before.
(module
  (memory 1)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "touch") (param i32) (result i32)
    (i32.store8 (local.get 0) (i32.const 1))
    (i32.load8_u (local.get 0))))
(assert_return (invoke "grow" (i32.const 16)) (i32.const -1))
(assert_return (invoke "grow" (i32.const 15)) (i32.const 1))
(assert_return (invoke "grow" (i32.const 1)) (i32.const -1))
(assert_return (invoke "touch" (i32.const 1048575)) (i32.const 1))
