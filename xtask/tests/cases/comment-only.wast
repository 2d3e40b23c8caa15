;; Only a comment.
