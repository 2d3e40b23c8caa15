//! Memory between two fences: bytes that end where an inaccessible page begins, so that
//! whatever reads or writes beyond them ends the process, however little it is beyond.

use std::io;
use std::ptr::{self, NonNull};

/// Zeroed bytes of their own, with an inaccessible page before them and one behind.
///
/// The fence behind begins at the very next byte. The one before ends at the first byte
/// where the length is a multiple of the system's page, and up to a page earlier
/// otherwise.
#[derive(Debug)]
pub(super) struct Fenced {
    /// The whole mapping, fences included.
    mapping: NonNull<u8>,
    mapped: usize,
    /// Where the bytes begin in it.
    start: usize,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone, as the bytes of a `Vec` do.
#[expect(unsafe_code, reason = "the mapping is held by a pointer")]
unsafe impl Send for Fenced {}
// SAFETY: as above; a shared reference hands out no more than the address.
#[expect(unsafe_code, reason = "the mapping is held by a pointer")]
unsafe impl Sync for Fenced {}

/// What the first byte is aligned to. A length that is no multiple of it leaves a gap
/// before the fence, which only memories with pages of one byte can have. Processors
/// other than x86-64 refuse an atomic access where the machine's address is unaligned.
const ALIGN: usize = if cfg!(target_arch = "x86_64") { 1 } else { 16 };

impl Fenced {
    /// So many bytes.
    ///
    /// # Errors
    /// Those of the system, which may have no address space left.
    pub(super) fn new(len: usize) -> io::Result<Fenced> {
        let page = page_size();
        let too_large = || io::Error::from(io::ErrorKind::OutOfMemory);
        let body = len.checked_next_multiple_of(page).ok_or_else(too_large)?;
        let mapped = body.checked_add(2 * page).ok_or_else(too_large)?;
        let mapping = map(mapped)?;
        // From here on the mapping is unmapped with the value.
        let fenced = Fenced {
            mapping,
            mapped,
            start: page + (body - len) / ALIGN * ALIGN,
            len,
        };
        if body > 0 {
            // SAFETY: `[page, page + body)` lies in the mapping just made.
            #[expect(unsafe_code, reason = "there is no safe way to protect memory")]
            let done = unsafe {
                let body_start = mapping.as_ptr().add(page).cast();
                libc::mprotect(body_start, body, libc::PROT_READ | libc::PROT_WRITE)
            };
            if done != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(fenced)
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The first byte.
    pub(super) fn as_ptr(&self) -> *mut u8 {
        self.mapping.as_ptr().wrapping_add(self.start)
    }

    /// The same bytes, and zeros up to a new length, somewhere else.
    ///
    /// # Errors
    /// As [`Fenced::new`].
    pub(super) fn grown(&self, len: usize) -> io::Result<Fenced> {
        let grown = Fenced::new(len)?;
        // SAFETY: both are readable and writable for that many bytes, and two
        // mappings do not overlap.
        #[expect(unsafe_code, reason = "the bytes are behind pointers")]
        unsafe {
            ptr::copy_nonoverlapping(self.as_ptr(), grown.as_ptr(), self.len.min(len));
        }
        Ok(grown)
    }
}

impl Drop for Fenced {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `map`, and nobody has a reference
        // into it that outlives this value.
        #[expect(unsafe_code, reason = "there is no safe way to unmap memory")]
        let done = unsafe { libc::munmap(self.mapping.as_ptr().cast(), self.mapped) };
        debug_assert_eq!(done, 0, "{}", io::Error::last_os_error());
    }
}

/// Maps so many bytes that nobody may access.
fn map(len: usize) -> io::Result<NonNull<u8>> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE;
    // SAFETY: a new mapping at an address of the system's choice touches
    // nothing that is there.
    #[expect(unsafe_code, reason = "there is no safe way to map memory")]
    let mapping = unsafe { libc::mmap(ptr::null_mut(), len, libc::PROT_NONE, flags, -1, 0) };
    if mapping == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    NonNull::new(mapping.cast()).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))
}

fn page_size() -> usize {
    // SAFETY: it only asks.
    #[expect(unsafe_code, reason = "the system is asked in C")]
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).expect("the system has pages")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the system lets a process read the byte at this address.
    fn is_readable(address: *const u8) -> bool {
        let mut ends = [0; 2];
        // SAFETY: `write` answers EFAULT where it cannot read, and the pipe
        // holds one byte.
        #[expect(unsafe_code, reason = "only the system can look without a fault")]
        unsafe {
            assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
            let written = libc::write(ends[1], address.cast(), 1);
            libc::close(ends[0]);
            libc::close(ends[1]);
            written == 1
        }
    }

    #[test]
    fn the_byte_behind_the_last_cannot_be_read() {
        for len in [0, 1, 5, 4096, 65_536, 65_537, 3 << 16] {
            let fenced = Fenced::new(len).expect("memory");
            let start = fenced.as_ptr();
            if cfg!(target_arch = "x86_64") {
                assert!(!is_readable(start.wrapping_add(len)), "{len}");
            }
            if len > 0 {
                assert!(is_readable(start), "{len}");
                assert!(is_readable(start.wrapping_add(len - 1)), "{len}");
            }
            if len % page_size() == 0 {
                assert!(!is_readable(start.wrapping_sub(1)), "{len}");
            }
        }
    }

    #[test]
    fn what_grows_keeps_its_bytes_and_gets_zeros() {
        let fenced = Fenced::new(3).expect("memory");
        // SAFETY: three bytes, and nobody else has them.
        #[expect(unsafe_code, reason = "the bytes are behind a pointer")]
        unsafe {
            ptr::copy_nonoverlapping([1, 2, 3].as_ptr(), fenced.as_ptr(), 3);
        }
        let grown = fenced.grown(5).expect("memory");
        // SAFETY: five bytes, as was asked for.
        #[expect(unsafe_code, reason = "the bytes are behind a pointer")]
        let bytes = unsafe { std::slice::from_raw_parts(grown.as_ptr(), grown.len()) };
        assert_eq!(bytes, [1, 2, 3, 0, 0]);
    }
}
