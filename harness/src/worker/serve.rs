//! The worker's side: answers requests until there are none.

use std::io::{self, BufReader, Read, Write};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::InProcess;
use super::protocol::{self, Reply, Request, VERSION};
use crate::engine::{Configuration, Job};

/// How long a script may still run when nobody waits for its answer.
const GRACE: Duration = Duration::from_secs(1);

/// Answers the requests that come from `input` on `output`. When `input` ends
/// while a script runs, the process is ended: whoever asked is gone, and the
/// script may never come to an end.
///
/// # Errors
/// If either breaks, or if what comes in is no request.
pub fn serve(
    configurations: Vec<Configuration>,
    input: impl Read + Send + 'static,
    mut output: impl Write,
) -> io::Result<()> {
    let declared = configurations.iter().map(Into::into).collect();
    protocol::write(
        &mut output,
        &Reply::Hello {
            version: VERSION,
            configurations: declared,
        },
    )?;
    let mut engines = InProcess::new(configurations);
    for request in requests(input) {
        let request = request?;
        let Request {
            id,
            script,
            modules,
            interfaces: _,
            budget,
            watch,
            captures,
            past_exhaustion,
            runs,
            configurations,
        } = request;
        let mut job = Job::with_facts(&script, modules, budget, &watch, &captures);
        job.past_exhaustion = past_exhaustion;
        job.runs = runs;
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

/// Reads requests on a thread of its own, so that the end of `input` is seen
/// at once.
fn requests(input: impl Read + Send + 'static) -> Receiver<io::Result<Request>> {
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        let mut input = BufReader::with_capacity(1 << 16, input);
        loop {
            match protocol::read(&mut input) {
                Ok(Some(request)) => {
                    if sender.send(Ok(request)).is_err() {
                        return;
                    }
                }
                Ok(None) => break,
                Err(why) => {
                    let _ = sender.send(Err(why));
                    break;
                }
            }
        }
        drop(sender);
        thread::sleep(GRACE);
        std::process::exit(1);
    });
    requests
}
