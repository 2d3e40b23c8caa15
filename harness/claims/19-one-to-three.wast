;; 1 page, at most 3: grow, grow, grow gives 1, 2 and -1, and 3 pages stay.
(module
  (memory 1 3)
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "size") (result i32) (memory.size)))
(assert_return (invoke "grow") (i32.const 1))
(assert_return (invoke "grow") (i32.const 2))
(assert_return (invoke "grow") (i32.const -1))
(assert_return (invoke "size") (i32.const 3))
