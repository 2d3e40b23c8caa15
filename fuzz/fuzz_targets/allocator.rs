//! Allocators, whose memories fill up.
#![no_main]

trapline_fuzz::target!(Allocator);
