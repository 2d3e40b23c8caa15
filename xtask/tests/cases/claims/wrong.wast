(module (memory 1 1) (func (export "grow") (result i32) (memory.grow (i32.const 1))))
(assert_return (invoke "grow") (i32.const 1))
