//! The reference as an engine.
