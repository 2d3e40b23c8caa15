//! What the system's allocator is told.

/// Keeps glibc from making an arena for each thread: none of them ever gives
/// back what it once held, and every worker that is started again has new
/// threads. In a campaign of a million cases that is growth for nothing.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the standard library cannot say it")]
pub(crate) fn keep_small() {
    // SAFETY: `mallopt` takes two numbers and may be called at any time; here
    // no other thread is running yet. Where it is refused, nothing changes.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, 4) };
}

/// Other allocators do not have the habit.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep_small() {}
