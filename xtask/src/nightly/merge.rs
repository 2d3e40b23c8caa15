//! Putting shards together, so that nothing tells them from one run.
//!
//! What shards have counted is added up. A bug that was known is the same in
//! every shard; what is new to a shard is filed again from its script, so that
//! what two shards have found is one bug.

use anyhow::{anyhow, bail};
use trapline_harness::campaign::{Found, Sighting, add_counts};
use trapline_harness::triage::Filed;
use trapline_harness::trial::try_script;

use super::report::{Part, Report};
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
        whole.threads += shard.threads;
        add_counts(&mut whole.reference_skips, shard.reference_skips);
        for (op, kinds) in shard.visited {
            let all = whole.visited.entry(op).or_default();
            for (kind, hits) in kinds {
                *all.entry(kind).or_default() += hits;
            }
        }
        whole.found.extend(shard.found);
        whole.findings.extend(shard.findings);
        whole.replay.extend(shard.replay);
        for row in shard.spec {
            add_spec(&mut whole.spec, row);
        }
        let (claims, memories) = (&mut whole.claims, &mut whole.memories);
        super::claims::add(claims, memories, (shard.claims, shard.memories));
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

impl Run<'_> {
    /// Files what shards have found, as one run would have done.
    ///
    /// # Errors
    /// In words, if an engine cannot be run or a file not be written.
    pub(crate) fn file_again(self, whole: &mut Report) -> anyhow::Result<()> {
        let mut all: Vec<Found> = Vec::new();
        let shards = std::mem::take(&mut whole.found);
        {
            let mut runner = (self.runners)();
            let mut filer = campaign::filer(&self.options, self.corpus, (self.runners)())?;
            for found in shards {
                let again = match &found.script {
                    None => Vec::new(),
                    Some(script) => {
                        let names: Vec<&str> =
                            found.configurations.iter().map(String::as_str).collect();
                        let trial = try_script(script, self.options.budget, &mut *runner, &names)
                            .map_err(|why| anyhow!(why))?;
                        let judged = trial.judged.iter().find(|j| j.divergence().is_some());
                        let sighting = judged.and_then(|judged| {
                            Sighting::of(found.first_case, script, &trial.reference, judged)
                        });
                        match sighting {
                            Some(sighting) => filer
                                .file(&sighting, self.interrupted)
                                .map_err(|why| anyhow!(why))?,
                            None => Vec::new(),
                        }
                    }
                };
                let bugs: Vec<Found> = again
                    .into_iter()
                    .filter_map(|filed| match filed {
                        Filed::New { bug, file } => Some(Found::of_bug(&bug, true, Some(file))),
                        Filed::Known { bug, file } => Some(Found::of_bug(&bug, false, file)),
                        Filed::Nondeterministic(_) => None,
                    })
                    .collect();
                put_together(&mut all, found, bugs);
            }
        }
        all.sort_by_cached_key(Found::rank);
        let known = std::mem::take(&mut whole.findings);
        whole.findings = self.findings(&all, &whole.replay, &known)?;
        without_folders(&mut all);
        whole.found = all;
        Ok(())
    }
}

/// Adds what a shard has found to what others have: as the bugs that it came
/// down to here, or as it is.
fn put_together(all: &mut Vec<Found>, found: Found, bugs: Vec<Found>) {
    let rows = match bugs.is_empty() {
        true => vec![Found {
            cases: 0,
            ..found.clone()
        }],
        false => bugs,
    };
    for row in rows {
        let at = all.iter().position(|seen| seen.name() == row.name());
        let at = at.unwrap_or_else(|| {
            all.push(row.clone());
            all.len() - 1
        });
        let seen = &mut all[at];
        // The shard may have put it into the corpus that is read here.
        if found.new && !seen.new {
            seen.new = true;
            seen.status = found.status.clone();
        }
        seen.add(
            found.cases,
            found.first_case,
            found.configurations.iter().cloned(),
        );
    }
}
