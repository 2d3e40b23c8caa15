//! Memories that grow, by every way they can.
#![no_main]

trapline_fuzz::target!(GrowLimits);
