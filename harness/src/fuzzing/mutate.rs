//! Mutation beside libFuzzer's own.
//!
//! A generator reads its bytes in order: first what becomes of the modules, then
//! one call after the other. Most small changes of early bytes change all that
//! follows, and those of late ones little. So an input is often kept up to some
//! byte and goes on with others: the same modules, called otherwise. And at
//! times all of it is new, since what is random finds what no edge guides to.

/// Turns the first `size` bytes of `data` into an input of at most `max` bytes;
/// gives its length. Deterministic by `seed`, but for `other`, which is
/// libFuzzer's own way.
///
/// # Panics
/// If `max` or `size` is more than there is of `data`.
pub fn mutate(
    data: &mut [u8],
    size: usize,
    max: usize,
    seed: u32,
    other: impl FnOnce(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut random = fastrand::Rng::with_seed(seed.into());
    let kept = match random.u8(..8) {
        0 => 0,
        1 | 2 => random.usize(..=size.min(max)),
        _ => return other(data, size, max),
    };
    let length = random.usize(kept..=max);
    random.fill(&mut data[kept..length]);
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_kept_all_is_new_or_libfuzzer_does_it() {
        let (mut new, mut partly, mut theirs) = (0, 0, 0);
        for seed in 0..400 {
            let mut data = [7; 100];
            let mut asked = false;
            let length = mutate(&mut data, 50, 80, seed, |_, size, _| {
                asked = true;
                size
            });
            assert!(length <= 80);
            assert_eq!(data[80..], [7; 20]);
            let kept = data.iter().take_while(|&&byte| byte == 7).count();
            match (asked, kept) {
                (true, kept) => {
                    assert_eq!((kept, length), (100, 50));
                    theirs += 1;
                }
                (false, 0) => new += 1,
                (false, _) => partly += 1,
            }
        }
        assert!(new > 20 && partly > 50 && theirs > 200);
        let mut once = [7; 9];
        let mut again = once;
        let lengths = [&mut once, &mut again].map(|data| mutate(data, 9, 9, 1, |_, n, _| n));
        assert_eq!((once, lengths[0]), (again, lengths[1]));
    }
}
