;; What a module needs is found wherever a type can stand.
(module (func (local externref)))
(module (func (block (result externref) unreachable) drop))
(module (elem declare externref (ref.null extern)))
(module (func (drop (ref.is_null (ref.null extern)))))
(module (type (func (param externref))))
