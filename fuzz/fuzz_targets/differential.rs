//! Scripts of every kind, on every engine linked in.
#![no_main]

trapline_fuzz::target!(Differential);
