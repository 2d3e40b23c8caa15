//! Shards: a run divided among machines that do not talk to each other.

use std::fmt;
use std::str::FromStr;

/// One of `count` parts of a run: of everything that is numbered, what is
/// `index` modulo `count`. The shards of a run share nothing and are the whole
/// together.
///
/// ```
/// use trapline_harness::campaign::Shard;
/// let shard: Shard = "2/3".parse().unwrap();
/// let taken: Vec<u64> = (0..9).filter(|&case| shard.takes(case)).collect();
/// assert_eq!(taken, [2, 5, 8]);
/// assert_eq!(shard.nth(1), 5);
/// assert_eq!("3/3".parse(), "0/3".parse::<Shard>());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    index: u64,
    count: u64,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Shard = Shard { index: 0, count: 1 };

    /// How many shards make the whole.
    pub fn count(self) -> u64 {
        self.count
    }

    /// Whether what has this number belongs to it.
    pub fn takes(self, number: u64) -> bool {
        number % self.count == self.index
    }

    /// The `n`th of its numbers, counted from 0.
    pub fn nth(self, n: u64) -> u64 {
        n * self.count + self.index
    }

    /// What belongs to it of a list that is the same in every shard.
    pub fn of<T>(self, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        (0..)
            .zip(all)
            .filter(move |&(number, _)| self.takes(number))
            .map(|(_, item)| item)
    }
}

/// `i/n`, from 1 to `n`; `0/n` is another way to say `n/n`.
impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let (index, count) = text
            .split_once('/')
            .and_then(|(index, count)| Some((index.parse::<u64>().ok()?, count.parse().ok()?)))
            .ok_or_else(|| format!("'{text}' is not a shard: 1/3, 2/3, 3/3"))?;
        match count {
            0 => Err(format!("'{text}': nothing is divided into 0 shards")),
            count if index > count => Err(format!("'{text}': there are only {count} shards")),
            count => Ok(Shard {
                index: index % count,
                count,
            }),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = match self.index {
            0 => self.count,
            index => index,
        };
        write!(f, "{index}/{}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shards_are_the_whole_and_share_nothing() {
        for count in 1..6 {
            let shards: Vec<Shard> = (1..=count)
                .map(|index| format!("{index}/{count}").parse().unwrap())
                .collect();
            for number in 0..20 {
                let takers = shards.iter().filter(|shard| shard.takes(number)).count();
                assert_eq!(takers, 1, "{number} of {count} shards");
            }
            for shard in shards {
                assert_eq!(shard.to_string().parse(), Ok(shard));
                let numbers: Vec<u64> = shard.of(0..20).collect();
                let counted: Vec<u64> = (0..).map(|n| shard.nth(n)).take(numbers.len()).collect();
                assert_eq!(numbers, counted);
            }
        }
        assert_eq!("1/1".parse(), Ok(Shard::WHOLE));
    }

    #[test]
    fn what_is_no_shard_is_told() {
        for bad in [
            "", "1", "/", "1/", "/2", "a/b", "-1/2", "1/2/3", "1.0/2", "3/2", "0/0", "1/0",
        ] {
            let why = bad.parse::<Shard>().expect_err(bad);
            assert!(why.contains(&format!("'{bad}'")), "{why}");
        }
    }
}
