;; Written as the claim has it: a maximum of 2^37-1 pages, 8 PiB, is refused.
(assert_invalid (module (memory i64 1 0x1f_ffff_ffff)) "memory size")
