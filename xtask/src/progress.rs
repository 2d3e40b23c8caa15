//! The live line of a campaign: a bar on a terminal, now and then a line elsewhere.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use trapline_harness::campaign::Progress;

/// How often a campaign says where it is when nobody watches a terminal.
const QUIET: Duration = Duration::from_secs(30);

/// Shows `progress` on standard error until it is dropped. Also hands a
/// Ctrl-C over to the campaign.
pub(crate) struct Live {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Live {
    /// Starts showing.
    pub(crate) fn start(
        progress: Arc<Progress>,
        interrupted: Arc<AtomicBool>,
        cases: Option<u64>,
        time: Option<Duration>,
    ) -> Live {
        let over = Arc::new(AtomicBool::new(false));
        let stop = over.clone();
        let thread = std::thread::spawn(move || show(&progress, &interrupted, cases, time, &stop));
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

fn show(
    progress: &Progress,
    interrupted: &AtomicBool,
    cases: Option<u64>,
    time: Option<Duration>,
    stop: &AtomicBool,
) {
    let began = Instant::now();
    let terminal = std::io::stderr().is_terminal();
    let bar = ProgressBar::new(cases.or(time.map(|t| t.as_secs())).unwrap_or(0));
    if cases.or(time.map(|t| t.as_secs())).is_some()
        && let Ok(style) = ProgressStyle::with_template("{elapsed:>4} {wide_bar} {msg}")
    {
        bar.set_style(style);
    }
    let mut said = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(100));
        if interrupted.load(Ordering::Relaxed) {
            progress.cancel.store(true, Ordering::Relaxed);
        }
        let done = progress.cases.load(Ordering::Relaxed);
        let calls = progress.calls.load(Ordering::Relaxed) as f64;
        let message = format!(
            "{done} cases, {:.0} judged calls/s; verdicts: {} conform, {} diverge, {} other",
            calls / began.elapsed().as_secs_f64().max(0.001),
            progress.conforming.load(Ordering::Relaxed),
            progress.diverging.load(Ordering::Relaxed),
            progress.other.load(Ordering::Relaxed),
        );
        if terminal {
            bar.set_position(if cases.is_some() {
                done
            } else {
                began.elapsed().as_secs()
            });
            bar.set_message(message);
        } else if said.elapsed() >= QUIET {
            said = Instant::now();
            eprintln!("{:.0}s: {message}", began.elapsed().as_secs_f64());
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
