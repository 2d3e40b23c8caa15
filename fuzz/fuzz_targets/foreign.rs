//! Modules of another generator's making.
#![no_main]

trapline_fuzz::target!(Foreign);
