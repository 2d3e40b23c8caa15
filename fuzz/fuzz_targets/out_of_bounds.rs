//! Accesses around and beyond the end.
#![no_main]

trapline_fuzz::target!(OutOfBounds);
