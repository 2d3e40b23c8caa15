(module $m (func (export "f") (param i32)))
(invoke "f" (i32.const 1))
(invoke "g")
