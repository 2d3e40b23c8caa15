//! Dice: decisions taken from bytes, none of which can fail.
//!
//! Bytes that have run out read as zero, so that the first alternative of
//! every choice has to be the simplest one: a case then ends soon.

use arbitrary::Unstructured;

/// The bytes that every decision of a case is read from.
pub(super) struct Dice<'a, 'b>(&'a mut Unstructured<'b>);

impl<'a, 'b> Dice<'a, 'b> {
    pub(super) fn new(bytes: &'a mut Unstructured<'b>) -> Self {
        Dice(bytes)
    }

    /// Whether all bytes have been used: time to come to an end.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    /// The next bytes, at most so many and at most two thirds of what is left,
    /// for a generator of its own.
    pub(super) fn take(&mut self, most: usize) -> Vec<u8> {
        let len = most.min(self.0.len() / 3 * 2);
        self.0.bytes(len).unwrap_or_default().to_vec()
    }

    fn byte(&mut self) -> u8 {
        self.0.arbitrary().unwrap_or(0)
    }

    /// Sixty-four bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0.arbitrary().unwrap_or(0)
    }

    /// A number of `0..=max`; one byte is read where one suffices.
    pub(super) fn up_to(&mut self, max: u64) -> u64 {
        match max {
            0 => 0,
            1..=0xff => (u64::from(self.byte()) * (max + 1)) >> 8,
            0x100..=0xffff_ffff => {
                let word: u32 = self.0.arbitrary().unwrap_or(0);
                (u64::from(word) * (max + 1)) >> 32
            }
            _ => ((u128::from(self.bits()) * (u128::from(max) + 1)) >> 64) as u64,
        }
    }

    /// A number of `low..=high`.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.up_to(high.abs_diff(low)) as i64
    }

    /// An index into something of `len` elements, 0 if it has none.
    pub(super) fn index(&mut self, len: usize) -> usize {
        self.up_to(len.saturating_sub(1) as u64) as usize
    }

    /// True in so many of a hundred cases; false once the bytes have run out.
    pub(super) fn percent(&mut self, percent: u32) -> bool {
        u32::from(self.byte()) * 100 >= (100 - percent.min(100)) << 8
    }

    /// One of several. The slice has at least one element.
    pub(super) fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())].clone()
    }

    /// One of several, each as often as its weight says. At least one weight is not 0.
    pub(super) fn weighted<T: Copy>(&mut self, choices: &[(u32, T)]) -> T {
        let total: u32 = choices.iter().map(|&(weight, _)| weight).sum();
        let mut left = self.up_to(u64::from(total.saturating_sub(1))) as u32;
        for &(weight, choice) in choices {
            if left < weight {
                return choice;
            }
            left -= weight;
        }
        choices[0].1
    }
}

/// The bytes of case `index` of the campaign `seed`: SplitMix64, so that they
/// are the same on every machine and in every release.
pub(super) fn expand(seed: u64, index: u64, len: usize) -> Vec<u8> {
    let mut state = mix(seed) ^ mix(index.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1));
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        bytes.extend_from_slice(&mix(state).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// The finalizer of SplitMix64.
pub(super) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_stay_in_range_and_reach_both_ends() {
        let bytes = expand(1, 2, 20_000);
        let mut u = Unstructured::new(&bytes);
        let mut dice = Dice::new(&mut u);
        let mut seen = [false; 7];
        let mut trues = 0;
        for _ in 0..1000 {
            seen[dice.up_to(6) as usize] = true;
            assert!((-3..=3).contains(&dice.between(-3, 3)));
            assert!(dice.up_to(70_000) <= 70_000);
            trues += u32::from(dice.percent(25));
            assert_eq!(dice.weighted(&[(0, 1), (5, 2)]), 2);
        }
        assert_eq!(seen, [true; 7]);
        assert!((180..320).contains(&trues), "{trues} of 1000 at 25 percent");
    }

    #[test]
    fn bytes_that_ran_out_give_the_first_alternative() {
        let mut u = Unstructured::new(&[]);
        let mut dice = Dice::new(&mut u);
        assert_eq!(dice.pick(&[7, 8]), 7);
        assert_eq!(dice.weighted(&[(1, 'a'), (99, 'b')]), 'a');
        assert!(!dice.percent(99));
    }

    #[test]
    fn neighbouring_cases_have_different_bytes() {
        assert_ne!(expand(1, 1, 64), expand(1, 2, 64));
        assert_ne!(expand(1, 1, 64), expand(2, 1, 64));
        assert_eq!(expand(1, 1, 64), expand(1, 1, 64));
    }
}
