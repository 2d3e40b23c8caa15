(module $m (memory (export "x") 1))
(module (import "m" "x" (memory 1)) (func (export "size") (result i32) memory.size))
(assert_return (invoke "size") (i32.const 1))
