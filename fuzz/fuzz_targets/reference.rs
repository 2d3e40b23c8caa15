//! The reference alone, against a plain array of bytes.
#![no_main]

trapline_fuzz::target!(Reference);
