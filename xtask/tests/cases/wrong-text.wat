(module
  (memory 1)
  (oops))
