//! The campaign's side: a worker process, watched, and replaced when it dies.

use std::io::{Read, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::child::{Ended, Process, Streams};
use super::protocol::{self, Declared, Encoding, Interface, Reply, Request};
use super::{Answer, Death, Runner};
use crate::engine::javascript::Launch;
use crate::engine::{Budget, Job};

/// How workers are started and how long they may take.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// What speaks the [`protocol`].
    pub launch: Launch,
    /// How long one configuration may take for one script.
    pub wall: Duration,
    /// How many bytes a worker may hold resident. Watched on Linux only, where
    /// the kernel tells; elsewhere the machine's own limits have to do.
    pub memory: u64,
}

impl WorkerOptions {
    /// The limits for one job: what engines may make resident comes on top, twice
    /// where a memory is copied, and takes its time.
    fn limits(&self, budget: Budget) -> Limits {
        let extra = match budget.is_large() {
            true => budget.resident_bytes.saturating_mul(2),
            false => 0,
        };
        let gigabytes = u32::try_from(extra >> 30).unwrap_or(u32::MAX);
        Limits {
            wall: self.wall.saturating_add(PER_GIGABYTE * gigabytes),
            memory: self.memory.saturating_add(extra),
        }
    }
}

/// What one job may take of a worker.
struct Limits {
    wall: Duration,
    memory: u64,
}

/// How long a busy machine may take to write, copy and read a gigabyte, several times.
const PER_GIGABYTE: Duration = Duration::from_secs(5);

/// Held while a job runs that may make large memories resident: one at a time, however
/// many workers there are.
static LARGE: Mutex<()> = Mutex::new(());

/// How often a silent worker is looked at.
const TICK: Duration = Duration::from_millis(50);

/// How much of a worker's standard error is kept for the report of its death.
const STDERR_KEPT: usize = 2_000;

/// How long the standard error of a process that has ended may take to be read.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A [`Runner`] whose engines live in another process.
pub struct Worker {
    options: WorkerOptions,
    running: Option<Running>,
    next_id: u64,
    /// Whether an engine has panicked in the process that runs.
    panicked: bool,
}

struct Running {
    process: Process,
    requests: Box<dyn Write + Send>,
    /// In what it opened.
    encoding: Encoding,
    replies: Receiver<std::io::Result<Option<Reply>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    /// Ends when standard error has been read to its end.
    listener: JoinHandle<()>,
    /// What it said it has.
    declared: Vec<Declared>,
}

impl Worker {
    /// A worker that is started when it is first needed.
    pub fn new(options: WorkerOptions) -> Worker {
        Worker {
            options,
            running: None,
            next_id: 0,
            panicked: false,
        }
    }

    /// What it says it has; it is started for that.
    ///
    /// # Errors
    /// In words, if it does not open.
    pub fn declared(&mut self) -> Result<&[Declared], String> {
        Ok(&self.running()?.declared)
    }

    fn running(&mut self) -> Result<&mut Running, String> {
        if self.running.is_none() {
            // Whoever kills one that has not begun hardly means the script.
            let running = start(&self.options).or_else(|not| match not.killed {
                true => start(&self.options),
                false => Err(not),
            });
            self.running = Some(running.map_err(|not| not.words)?);
        }
        Ok(self.running.as_mut().expect("it was just started"))
    }

    /// Waits for the answer of configuration `index` to request `id`.
    fn answer(&mut self, id: u64, index: u32, limits: &Limits) -> Result<Answer, String> {
        let deadline = Instant::now() + limits.wall;
        let running = self.running.as_mut().ok_or("no worker is running")?;
        loop {
            match running.replies.recv_timeout(TICK) {
                Ok(Ok(Some(Reply::Observed {
                    id: i,
                    configuration,
                    observation,
                }))) if i == id && configuration == index => {
                    return observation.map(Answer::Observed);
                }
                Ok(Ok(Some(_))) => {
                    return Ok(
                        self.died(|_| Death::Garbage("an answer to another request".to_owned()))
                    );
                }
                Ok(Err(why)) if why.kind() == std::io::ErrorKind::InvalidData => {
                    let why = why.to_string();
                    return Ok(self.died(|_| Death::Garbage(why)));
                }
                Ok(Ok(None) | Err(_)) | Err(RecvTimeoutError::Disconnected) => {
                    return Ok(self.died(|ended| match ended {
                        Ended {
                            killed: true,
                            words,
                        } => Death::Killed(words),
                        Ended { words, .. } => Death::Crash(words),
                    }));
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(bytes) = running.process.resident()
                        && bytes > limits.memory
                    {
                        return Ok(self.died(|_| Death::OutOfMemory(bytes)));
                    }
                    if Instant::now() >= deadline {
                        let wall = limits.wall.as_millis();
                        let wall = u64::try_from(wall).unwrap_or(u64::MAX);
                        return Ok(self.died(|_| Death::Hang(wall)));
                    }
                }
            }
        }
    }

    /// Ends the process and says how it died.
    fn died(&mut self, how: impl FnOnce(Ended) -> Death) -> Answer {
        let ended = self.running.take().map(Running::end).unwrap_or_default();
        Answer::Died(how(ended))
    }
}

impl Runner for Worker {
    fn run(&mut self, job: &Job<'_>, configurations: &[&str]) -> Result<Vec<Answer>, String> {
        let is_large = job.budget.is_large();
        let _turn = is_large.then(|| LARGE.lock().unwrap_or_else(PoisonError::into_inner));
        if self.panicked || self.is_full() {
            self.stop();
        }
        let mut answers = self.ask(job, configurations)?;
        if let Some(Answer::Died(Death::Killed(_))) = answers.last() {
            // That was hardly the script's doing: once more.
            answers.pop();
            answers.extend(self.ask(job, &configurations[answers.len()..])?);
        }
        if is_large && self.is_full() {
            // Before it is another's turn.
            self.stop();
        }
        Ok(answers)
    }

    fn renew(&mut self) {
        self.stop();
    }
}

impl Worker {
    /// Whether what earlier scripts have left in the process would count as the
    /// next one's.
    fn is_full(&self) -> bool {
        self.running.as_ref().is_some_and(|running| {
            running
                .process
                .resident()
                .is_some_and(|bytes| bytes > self.options.memory / 2)
        })
    }

    /// The next script is for a new process.
    fn stop(&mut self) {
        self.panicked = false;
        if let Some(running) = self.running.take() {
            running.end();
        }
    }

    fn ask(&mut self, job: &Job<'_>, configurations: &[&str]) -> Result<Vec<Answer>, String> {
        let id = self.next_id;
        self.next_id += 1;
        let running = self.running()?;
        let interfaces = match running.encoding {
            Encoding::Postcard => Vec::new(),
            Encoding::Json => Interface::of_modules(job.script),
        };
        let request = Request {
            id,
            script: job.script.clone(),
            modules: job.modules().to_vec(),
            interfaces,
            budget: job.budget,
            watch: job.watch.clone(),
            captures: job.captures.to_vec(),
            past_exhaustion: job.past_exhaustion,
            runs: job.runs,
            configurations: configurations.iter().map(|&c| c.to_owned()).collect(),
        };
        // What it said of earlier scripts does not explain this one.
        if let Ok(mut said) = running.stderr.lock() {
            said.clear();
        }
        // If it is dead already, the missing answer says so.
        let _ = running.encoding.write(&mut running.requests, &request);
        let limits = self.options.limits(job.budget);
        let mut answers = Vec::with_capacity(configurations.len());
        for index in 0..u32::try_from(configurations.len()).map_err(|e| e.to_string())? {
            let answer = self.answer(id, index, &limits)?;
            // Whatever the process has as its own may be left half changed.
            self.panicked |= matches!(&answer, Answer::Observed(o) if o.has_panic());
            let died = matches!(answer, Answer::Died(_));
            answers.push(answer);
            if died {
                break;
            }
        }
        Ok(answers)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Running {
    /// Kills the process if it still runs, collects it, and says how it ended.
    fn end(self) -> Ended {
        // A process that is about to die by itself gets the chance: its own
        // status says more than our signal.
        drop(self.requests);
        let is_page = self.process.is_page();
        let ended = self.process.end(Duration::from_millis(200));
        // Its last words may still be in the pipe.
        let patience = Instant::now() + LAST_WORDS;
        while !self.listener.is_finished() && Instant::now() < patience {
            thread::sleep(Duration::from_millis(1));
        }
        let said = in_words(&self.stderr);
        // A browser complains about much that it lacks here.
        let last_words = match is_page {
            true => said.lines().find(|line| line.contains("Fatal")),
            false => Some(said.trim()),
        };
        match last_words {
            None | Some("") => ended,
            Some(said) => Ended {
                words: format!("{}; it said: {said}", ended.words),
                ..ended
            },
        }
    }
}

/// What was kept of a standard error.
fn in_words(stderr: &Mutex<Vec<u8>>) -> String {
    let bytes = stderr.lock().map(|bytes| bytes.clone());
    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
}

/// Why a worker does not open: in words, and whether it was by the signal that
/// cannot be caught.
struct NotOpen {
    killed: bool,
    words: String,
}

impl From<String> for NotOpen {
    fn from(words: String) -> NotOpen {
        NotOpen {
            killed: false,
            words,
        }
    }
}

fn start(options: &WorkerOptions) -> Result<Running, NotOpen> {
    let program = options.launch.command.first();
    let program = program.map_or("no program", String::as_str);
    let Streams {
        process,
        requests,
        replies: mut stdout,
        said,
    } = Process::start(&options.launch)?;
    let (opened, opening) = mpsc::channel();
    let (sender, replies) = mpsc::channel();
    thread::spawn(move || {
        let hello = protocol::read_hello(&mut stdout);
        let encoding = hello.as_ref().ok().map(|(encoding, _)| *encoding);
        let (Ok(()), Some(encoding)) = (opened.send(hello), encoding) else {
            return;
        };
        loop {
            let reply = encoding.read::<Reply>(&mut stdout);
            let last = !matches!(reply, Ok(Some(_)));
            if sender.send(reply).is_err() || last {
                break;
            }
        }
    });
    let stderr = Arc::new(Mutex::new(Vec::new()));
    let kept = stderr.clone();
    let listener = thread::spawn(move || keep_last(said, &kept));

    let mut running = Running {
        process,
        requests,
        encoding: Encoding::Postcard,
        replies,
        stderr,
        listener,
        declared: Vec::new(),
    };
    // Building the process is not the engine's time: it has a limit of its own.
    match opening.recv_timeout(Duration::from_secs(60)) {
        Ok(Ok((encoding, configurations))) => {
            running.encoding = encoding;
            running.declared = configurations;
            let said = in_words(&running.stderr);
            match running.process.complaint(&said) {
                Some(complaint) => Err(format!("{program}: {complaint}").into()),
                None => Ok(running),
            }
        }
        Ok(Err(why)) if why.to_string().starts_with("speaks version") => {
            running.end();
            Err(format!("{program}: {why}").into())
        }
        _ => {
            let how = running.end();
            Err(NotOpen {
                killed: how.killed,
                words: format!("{program}: does not open as a worker: {}", how.words),
            })
        }
    }
}

/// Reads to the end, keeping the last [`STDERR_KEPT`] bytes.
fn keep_last(mut from: impl Read, kept: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 1024];
    while let Ok(n) = from.read(&mut buffer) {
        if n == 0 {
            break;
        }
        let Ok(mut kept) = kept.lock() else { break };
        let _ = kept.write_all(&buffer[..n]);
        let excess = kept.len().saturating_sub(STDERR_KEPT);
        kept.drain(..excess);
    }
}
