//! Whether a divergence is known, said before anything is reduced.

use std::path::Path;

use anyhow::anyhow;
use trapline_harness::corpus::Corpus;
use trapline_harness::engine::Budget;
use trapline_harness::judge::Judged;
use trapline_harness::script::Script;
use trapline_harness::triage::Attributor;
use trapline_harness::trial::Trial;
use trapline_harness::worker::Runner;

/// What the corpus knows.
pub(crate) struct Knowledge {
    corpus: Corpus,
    attributor: Attributor,
}

impl Knowledge {
    /// Reads the corpus in a folder.
    pub(crate) fn of(folder: &Path) -> anyhow::Result<Knowledge> {
        let corpus = Corpus::open(folder).map_err(|why| anyhow!(why))?;
        let attributor = Attributor::new(&corpus.register).map_err(|why| anyhow!(why))?;
        Ok(Knowledge { corpus, attributor })
    }

    /// The bugs that a divergence is made of, with their status, if they explain all of it.
    pub(crate) fn entry(
        &self,
        script: &Script,
        trial: &Trial,
        judged: &Judged,
        budget: Budget,
        runner: &mut dyn Runner,
    ) -> anyhow::Result<Option<String>> {
        let found = self
            .attributor
            .attribute(script, &trial.reference, judged, budget, runner)
            .map_err(|why| anyhow!(why))?;
        if found.unexplained.is_some() || found.bugs.is_empty() {
            return Ok(None);
        }
        let register = &self.corpus.register;
        let said = found.bugs.iter().map(|id| match register.get(id) {
            Some(bug) => format!("{id}: {} ({})", bug.title, bug.status),
            None => id.clone(),
        });
        Ok(Some(said.collect::<Vec<_>>().join("; ")))
    }
}
