//! Scripts of every kind, on every engine linked in.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use trapline_harness::fuzzing::Session;

thread_local! {
    static SESSION: RefCell<Session> = RefCell::new(Session::new(&[]));
}

fuzz_target!(|bytes: &[u8]| SESSION.with_borrow_mut(|session| session.run(bytes)));
