//! Certificates put together: of the shards of a sweep, and of configurations that were swept
//! one by one.

use std::collections::BTreeMap;

use super::certificate::{Certificate, Of, Space};
use super::tally::Tally;
use crate::campaign::Shard;

/// One certificate of several, which are named for what is said of them.
///
/// # Errors
/// One line with the names: they are about other points or other machines, one is of a
/// sweep that was interrupted, a shard is there twice or missing.
pub fn merge(certificates: Vec<(String, Certificate)>) -> Result<Certificate, String> {
    let mut certificates = certificates.into_iter();
    let Some((name, first)) = certificates.next() else {
        return Err("there is no certificate".to_owned());
    };
    let mut merged = Merged::default();
    let (space, machine) = (first.space.clone(), first.machine.clone());
    let mut date = first.date.clone();
    merged.add(&name, first)?;
    for (other, certificate) in certificates {
        let about = |space: &Space| (space.version, space.digest.clone(), space.large);
        if about(&certificate.space) != about(&space) {
            return Err(format!("{name} and {other} are not about the same points"));
        }
        if certificate.machine != machine {
            return Err(format!("{name} and {other} are of other machines"));
        }
        date = date.max(certificate.date.clone());
        merged.add(&other, certificate)?;
    }
    Ok(Certificate {
        space: Space {
            shard: Shard::WHOLE.to_string(),
            of_shard: space.points,
            ..space
        },
        machine,
        date,
        complete: true,
        configurations: merged.whole()?,
    })
}

/// What there is of each configuration so far.
#[derive(Default)]
struct Merged {
    configurations: Vec<Parts>,
}

/// The shards of one configuration.
struct Parts {
    configuration: String,
    version: String,
    /// In how many shards it was swept.
    count: u64,
    /// Those that there are, each with the name of the certificate.
    shards: BTreeMap<Shard, String>,
    tally: Tally,
}

impl Merged {
    /// Adds the configurations of one certificate.
    fn add(&mut self, name: &str, certificate: Certificate) -> Result<(), String> {
        if !certificate.complete {
            return Err(format!("{name} is of a sweep that was interrupted"));
        }
        let shard: Shard = certificate.space.shard.parse()?;
        for of in certificate.configurations {
            let same =
                |p: &&mut Parts| p.configuration == of.configuration && p.version == of.version;
            let parts = match self.configurations.iter_mut().find(same) {
                Some(parts) => parts,
                None => {
                    self.configurations.push(Parts {
                        configuration: of.configuration.clone(),
                        version: of.version.clone(),
                        count: shard.count(),
                        shards: BTreeMap::new(),
                        tally: Tally::default(),
                    });
                    self.configurations.last_mut().ok_or("nothing was added")?
                }
            };
            if parts.count != shard.count() {
                return Err(format!(
                    "{name}: {} is divided into {} shards here and into {} elsewhere",
                    of.configuration,
                    shard.count(),
                    parts.count
                ));
            }
            if let Some(other) = parts.shards.insert(shard, name.to_owned()) {
                return Err(format!(
                    "{name} and {other} both have {shard} of {}",
                    of.configuration
                ));
            }
            parts.tally.merge(Tally {
                families: of.families,
                limits: of.limits,
                not_run: of.not_run,
                failing: of.failing,
            });
        }
        Ok(())
    }

    /// The configurations, each with all of its shards.
    fn whole(self) -> Result<Vec<Of>, String> {
        let whole = self.configurations.into_iter().map(|parts| {
            let there = parts.shards.len() as u64;
            match there == parts.count {
                true => Ok(Of::new(&parts.configuration, &parts.version, &parts.tally)),
                false => Err(format!(
                    "{}: there are {there} of {} shards",
                    parts.configuration, parts.count
                )),
            }
        });
        whole.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Counts, Machine};
    use super::*;

    /// A certificate of one configuration with so many points that conform.
    fn certificate(shard: &str, name: &str, conforming: u64) -> Certificate {
        let counts = Counts {
            conforming,
            ..Counts::default()
        };
        let tally = Tally {
            families: BTreeMap::from([("loads".to_owned(), counts)]),
            ..Tally::default()
        };
        Certificate {
            space: Space {
                version: 1,
                digest: "d".to_owned(),
                points: 10,
                shard: shard.to_owned(),
                of_shard: conforming,
                large: false,
            },
            machine: Machine::this(),
            date: format!("2026-11-28 0{conforming}:00"),
            complete: true,
            configurations: vec![Of::new(name, "1.0.0", &tally)],
        }
    }

    fn merged(all: &[Certificate]) -> Result<Certificate, String> {
        let named = all.iter().enumerate();
        merge(
            named
                .map(|(at, c)| (format!("{at}.json"), c.clone()))
                .collect(),
        )
    }

    #[test]
    fn shards_are_the_whole_and_configurations_stand_side_by_side() {
        let parts = [
            certificate("1/2", "e/a", 4),
            certificate("2/2", "e/a", 6),
            certificate("1/1", "e/b", 9),
        ];
        let whole = merged(&parts).expect("all of it is there");
        let counts = whole.configurations.iter().map(|of| of.total.conforming);
        assert_eq!(counts.collect::<Vec<_>>(), [10, 9]);
        assert_eq!((&*whole.space.shard, whole.space.of_shard), ("1/1", 10));
        assert_eq!(whole.date, "2026-11-28 09:00");
        assert!(whole.complete);
    }

    #[test]
    fn what_is_missing_or_there_twice_is_told() {
        let says = |parts: &[Certificate], words: &str| {
            let why = merged(parts).expect_err("it is not the whole");
            assert!(why.contains(words), "{why}");
        };
        let one = certificate("1/2", "e/a", 4);
        says(std::slice::from_ref(&one), "e/a: there are 1 of 2 shards");
        says(
            &[one.clone(), one.clone()],
            "1.json and 0.json both have 1/2 of e/a",
        );
        says(
            &[one.clone(), certificate("2/3", "e/a", 1)],
            "into 3 shards",
        );
        let mut other = certificate("2/2", "e/a", 6);
        other.space.digest = "another".to_owned();
        says(&[one.clone(), other], "not about the same points");
        let mut other = certificate("2/2", "e/a", 6);
        other.complete = false;
        says(
            &[one.clone(), other],
            "1.json is of a sweep that was interrupted",
        );
        let mut other = certificate("2/2", "e/a", 6);
        other.machine.processors += 1;
        says(&[one, other], "other machines");
        says(&[], "no certificate");
    }
}
