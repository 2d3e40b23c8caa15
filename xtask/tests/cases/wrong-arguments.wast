(module $m (func (export "f") (param i32)))

(invoke "f" (i64.const 1))
