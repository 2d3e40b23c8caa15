//! Shared memories and atomic instructions.
#![no_main]

trapline_fuzz::target!(SharedMemory);
