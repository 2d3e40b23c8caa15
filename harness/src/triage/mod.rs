//! From a divergence to the bug behind it.

pub mod substitute;
