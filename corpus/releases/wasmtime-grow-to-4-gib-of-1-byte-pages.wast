;; bug: wasmtime-grow-to-4-gib-of-1-byte-pages
;; a memory with pages of 1 byte grows to 2^32 pages, a size that memory.size cannot give
(module
  (memory (export "mem0") 1 (pagesize 0x1))
  (func (export "f") (drop (memory.grow (i32.const -1)))))
(assert_return (invoke "f"))
