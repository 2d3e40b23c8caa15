//! What the embedder does to memories, between calls and within them.
#![no_main]

trapline_fuzz::target!(HostApi);
