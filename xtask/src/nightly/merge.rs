//! Putting shards together, so that nothing tells them from one run.
//!
//! What shards have counted is added up. What they have seen is filed again,
//! as one run would have done: of the same sighting in several shards the one
//! in the case with the lowest number. A script that a shard has reduced is
//! not reduced again.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{anyhow, bail};
use trapline_harness::campaign::{self as harness, Found, Options, Sighting, add_counts};
use trapline_harness::judge::Class;
use trapline_harness::worker::Runner;

use super::report::{Finding, Part, Report};
use super::run::{Run, without_folders};
use crate::campaign;
use crate::verb::spec;

/// Adds the shards up: everything but the findings.
///
/// # Errors
/// If they are not of one run, or one is there twice.
pub(crate) fn add(shards: Vec<Report>) -> anyhow::Result<Report> {
    let mut shards = shards.into_iter();
    let mut whole = shards.next().ok_or_else(|| anyhow!("nothing to merge"))?;
    for shard in shards {
        if shard.asked != whole.asked {
            bail!(
                "shard {} is of another run than shard {}: the seed, the cases, the engines \
                 or the number of shards differ",
                names(&shard.parts),
                names(&whole.parts)
            );
        }
        whole.parts.extend(shard.parts);
        for (tally, more) in whole.tallies.iter_mut().zip(shard.tallies) {
            tally.merge(more);
        }
        whole.phases += shard.phases;
        add_counts(&mut whole.reference_skips, shard.reference_skips);
        for (op, kinds) in shard.visited {
            let all = whole.visited.entry(op).or_default();
            for (kind, hits) in kinds {
                *all.entry(kind).or_default() += hits;
            }
        }
        whole.sightings.extend(shard.sightings);
        whole.findings.extend(shard.findings);
        whole.replay.extend(shard.replay);
        for row in shard.spec {
            add_spec(&mut whole.spec, row);
        }
        whole.failures.extend(shard.failures);
    }
    whole.merged = true;
    // In numbers: 10 comes after 9.
    let index = |part: &Part| {
        part.shard
            .split('/')
            .next()
            .and_then(|i| i.parse::<u64>().ok())
    };
    whole.parts.sort_by_key(index);
    if let Some(twice) = whole
        .parts
        .windows(2)
        .find(|two| two[0].shard == two[1].shard)
    {
        bail!("shard {} is there twice", twice[0].shard);
    }
    whole.sightings = put_together(whole.sightings);
    whole.replay.sort_by(|a, b| a.row.file.cmp(&b.row.file));
    let order = |row: &spec::Row| {
        let engines = whole.asked.engines.iter();
        let mut names = std::iter::once(spec::Row::REFERENCE).chain(engines.map(|e| &*e.name));
        names.position(|name| name == row.engine)
    };
    whole
        .spec
        .sort_by_cached_key(|row| (order(row), row.group.clone()));
    for row in &mut whole.spec {
        row.failures.sort();
    }
    Ok(whole)
}

fn names(parts: &[Part]) -> String {
    let names: Vec<&str> = parts.iter().map(|part| &*part.shard).collect();
    names.join(", ")
}

fn add_spec(rows: &mut Vec<spec::Row>, more: spec::Row) {
    let same = |row: &&mut spec::Row| row.group == more.group && row.engine == more.engine;
    let Some(row) = rows.iter_mut().find(same) else {
        rows.push(more);
        return;
    };
    let spec::Row {
        group: _,
        engine: _,
        files,
        passed,
        failed,
        skipped,
        failures,
        unreadable,
    } = more;
    row.files += files;
    row.passed += passed;
    row.failed += failed;
    add_counts(&mut row.skipped, skipped);
    row.failures.extend(failures);
    row.unreadable.extend(unreadable);
}

/// The same sightings together, as a campaign keeps them.
fn put_together(sightings: Vec<Found>) -> Vec<Found> {
    let mut all: BTreeMap<(Class, String), Found> = BTreeMap::new();
    for mut found in sightings {
        let key = (found.class, found.seen_as.clone());
        if let Some(seen) = all.remove(&key) {
            let cases = found.cases + seen.cases;
            if seen.first_case < found.first_case {
                found = seen;
            }
            found.cases = cases;
        }
        all.insert(key, found);
    }
    all.into_values().collect()
}

impl Run<'_> {
    /// Files what shards have seen, as one run would have done.
    ///
    /// # Errors
    /// In words, if an engine cannot be run or a file not be written.
    pub(crate) fn file_again(self, whole: &mut Report) -> anyhow::Result<()> {
        let mut runner = (self.runners)();
        let mut sightings = Vec::new();
        let mut gone = Vec::new();
        for found in &whole.sightings {
            match see_again(found, &self.options, &mut *runner)? {
                Some(sighting) => {
                    let saved = sighting.save(&self.options.unreduced);
                    saved.map_err(|why| anyhow!(why))?;
                    sightings.push(sighting);
                }
                None => gone.push(found.clone()),
            }
        }
        drop(runner);
        let reduced = |sighting: &Sighting| {
            let name = sighting.signature().to_string();
            let found = whole.sightings.iter().find(|found| found.seen_as == name)?;
            found.reduced.clone()
        };
        let elapsed = whole.parts.iter().map(|part| part.campaign_seconds).sum();
        let mut filed = campaign::file(
            &self.options,
            campaign::patience(&self.options, Duration::from_secs_f64(elapsed)),
            self.corpus,
            (self.runners)(),
            &sightings,
            &reduced,
            self.interrupted,
        )?;
        // What did not show again stays as the shard has it.
        filed.extend(gone);
        filed.sort_by(|a, b| (a.class, &a.seen_as).cmp(&(b.class, &b.seen_as)));
        let known = std::mem::take(&mut whole.findings);
        whole.findings = self.findings(&filed, &whole.replay, &known)?;
        for finding in &mut whole.findings {
            // The shard may have put it into the corpus that is read here.
            let same = |shard: &&Finding| shard.new && shard.signature == finding.signature;
            finding.new |= known.iter().any(|shard| same(&shard));
        }
        without_folders(&mut filed);
        whole.sightings = filed;
        Ok(())
    }
}

/// The sighting as the shard had it: its case is run again.
fn see_again(
    found: &Found,
    options: &Options,
    runner: &mut dyn Runner,
) -> anyhow::Result<Option<Sighting>> {
    let all = harness::see_again(options, runner, found.first_case, &found.configuration);
    let all = all.map_err(|why| anyhow!("{why}"))?;
    let same = |sighting: &Sighting| sighting.key() == (found.class, found.seen_as.clone());
    Ok(all.into_iter().find(same).map(|sighting| Sighting {
        count: found.cases,
        ..sighting
    }))
}
