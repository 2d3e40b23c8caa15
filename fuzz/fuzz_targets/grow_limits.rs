//! Growing, and what is stale after it.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use trapline_harness::fuzzing::Session;
use trapline_harness::generate::Focus;

thread_local! {
    static SESSION: RefCell<Session> = RefCell::new(Session::new(&[Focus::Grow]));
}

fuzz_target!(|bytes: &[u8]| SESSION.with_borrow_mut(|session| session.run(bytes)));
