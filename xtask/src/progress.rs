//! How far something is: a bar on a terminal, now and then a line elsewhere.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often it is said where nobody watches a terminal.
const QUIET: Duration = Duration::from_secs(30);

/// Something that takes long.
pub(crate) trait Long: Send + 'static {
    /// How far it is, and of how much if that can be told.
    fn done(&self, elapsed: Duration) -> (u64, Option<u64>);

    /// The same in words.
    fn words(&self, elapsed: Duration) -> String;

    /// Has it end after what is under way.
    fn cancel(&self);
}

/// Shows how far something is on standard error until it is dropped. Also hands a
/// Ctrl-C over to it.
pub(crate) struct Live {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Live {
    /// Starts showing.
    pub(crate) fn start(long: impl Long, interrupted: Arc<AtomicBool>) -> Live {
        let over = Arc::new(AtomicBool::new(false));
        let stop = over.clone();
        let thread = std::thread::spawn(move || show(&long, &interrupted, &stop));
        Live {
            over,
            thread: Some(thread),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn show(long: &impl Long, interrupted: &AtomicBool, stop: &AtomicBool) {
    let began = Instant::now();
    let terminal = std::io::stderr().is_terminal();
    let bar = ProgressBar::new(0);
    let mut said = Instant::now();
    let mut styled = false;
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(100));
        if interrupted.load(Ordering::Relaxed) {
            long.cancel();
        }
        let elapsed = began.elapsed();
        if terminal {
            let (done, all) = long.done(elapsed);
            if let Some(all) = all {
                let style = ProgressStyle::with_template("{elapsed:>4} {wide_bar} {msg}");
                if let (false, Ok(style)) = (styled, style) {
                    bar.set_style(style);
                    styled = true;
                }
                bar.set_length(all);
            }
            bar.set_position(done);
            bar.set_message(long.words(elapsed));
        } else if said.elapsed() >= QUIET {
            said = Instant::now();
            eprintln!("{:.0}s: {}", elapsed.as_secs_f64(), long.words(elapsed));
        }
    }
    bar.finish_and_clear();
}

/// What is being done, on a line that is rewritten on a terminal; elsewhere a
/// line now and then.
pub(crate) struct Line {
    bar: ProgressBar,
    terminal: bool,
    told: Option<Instant>,
}

impl Line {
    /// An empty one.
    pub(crate) fn new() -> Line {
        Line {
            bar: ProgressBar::hidden(),
            terminal: std::io::stderr().is_terminal(),
            told: None,
        }
    }

    /// Shows these words.
    pub(crate) fn show(&mut self, words: &str) {
        let first = self.told.is_none();
        if self.terminal {
            if first {
                self.bar = ProgressBar::new_spinner();
                self.bar.enable_steady_tick(Duration::from_millis(200));
                self.told = Some(Instant::now());
            }
            self.bar.set_message(words.to_owned());
        } else if self.told.is_none_or(|told| told.elapsed() > QUIET) {
            eprintln!("{words}");
            self.told = Some(Instant::now());
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
