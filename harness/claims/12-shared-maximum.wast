;; A shared memory has a maximum.
(assert_invalid (module (memory 1 shared)) "shared memory must have maximum")
(module (memory 1 1 shared) (func (export "size") (result i32) (memory.size)))
(assert_return (invoke "size") (i32.const 1))
