;; A 64-bit memory has 16 GiB, and grows beyond.
(module
  (memory i64 1 1048576)
  (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))
  (func (export "size") (result i64) (memory.size))
  (func (export "touch") (param i64) (result i32)
    (i32.store8 (local.get 0) (i32.const 1))
    (i32.load8_u (local.get 0))))
(assert_return (invoke "grow" (i64.const 262143)) (i64.const 1))
(assert_return (invoke "touch" (i64.const 0x3_ffff_ffff)) (i32.const 1))
(assert_return (invoke "grow" (i64.const 1)) (i64.const 262144))
(assert_return (invoke "touch" (i64.const 0x4_0000_ffff)) (i32.const 1))
(assert_return (invoke "size") (i64.const 262145))
