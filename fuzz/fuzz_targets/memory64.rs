//! 64-bit addresses.
#![no_main]

trapline_fuzz::target!(Memory64);
