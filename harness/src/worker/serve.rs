//! The worker's side: answers requests until there are none.

use std::io::{self, BufReader, Read, Write};

use super::InProcess;
use super::protocol::{self, Reply, Request, VERSION};
use crate::engine::{Configuration, Job};

/// Answers the requests that come from `input` on `output`.
///
/// # Errors
/// If either breaks, or if what comes in is no request.
pub fn serve(
    configurations: Vec<Configuration>,
    input: impl Read,
    mut output: impl Write,
) -> io::Result<()> {
    let names = configurations.iter().map(|c| c.name.to_owned()).collect();
    protocol::write(
        &mut output,
        &Reply::Hello {
            version: VERSION,
            configurations: names,
        },
    )?;
    let mut engines = InProcess::new(configurations);
    let mut input = BufReader::with_capacity(1 << 16, input);
    while let Some(request) = protocol::read::<Request>(&mut input)? {
        let Request {
            id,
            script,
            budget,
            watch,
            captures,
            past_exhaustion,
            configurations,
        } = request;
        let mut job = Job::new(&script, budget, &watch, &captures);
        job.past_exhaustion = past_exhaustion;
        for (index, name) in (0..).zip(&configurations) {
            let observation = engines.run_one(&job, name);
            protocol::write(
                &mut output,
                &Reply::Observed {
                    id,
                    configuration: index,
                    observation,
                },
            )?;
        }
    }
    Ok(())
}
