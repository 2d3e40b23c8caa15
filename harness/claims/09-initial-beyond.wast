;; A module whose memory begins beyond its maximum is not valid.
(assert_invalid (module (memory 2 1)) "size minimum must not be greater than maximum")
(assert_invalid (module (memory 65536 0)) "size minimum must not be greater than maximum")
(assert_invalid
  (module (memory (import "spectest" "memory") 2 1))
  "size minimum must not be greater than maximum")
(module (memory 1 1))
