//! Browsers: a worker is a page that a server of ours serves.
//!
//! A [`Tab`] is a browser of its own, headless, with an empty profile, and one page.
//! The page starts a thread (a *Worker* of the web's) that opens a WebSocket and
//! speaks the protocol over it, one message a frame. What the engine does to the
//! thread that runs it (a hang, a crash of the tab) leaves the socket, so that it is
//! seen as with any worker.

mod server;
mod socket;

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::Launch;
use server::{Came, Server, Serves};
pub(crate) use socket::{Replies, Requests};

/// How long a browser may take to open its page.
const OPENING: Duration = Duration::from_secs(60);

/// The flag of V8 for the largest memory, in pages of 64 KiB.
pub(super) const BUDGET: &str = "--wasm-max-mem-pages=";

/// The settings with which Firefox does nothing but show its page.
const QUIET: [(&str, &str); 12] = [
    ("app.update.enabled", "false"),
    ("browser.aboutwelcome.enabled", "false"),
    ("browser.newtab.preload", "false"),
    ("browser.sessionstore.resume_from_crash", "false"),
    ("browser.shell.checkDefaultBrowser", "false"),
    ("browser.startup.homepage_override.mstone", "\"ignore\""),
    ("browser.tabs.crashReporting.sendReport", "false"),
    ("datareporting.policy.dataSubmissionEnabled", "false"),
    ("dom.ipc.processPrelaunch.enabled", "false"),
    ("network.captive-portal-service.enabled", "false"),
    ("network.connectivity-service.enabled", "false"),
    ("toolkit.telemetry.reportingpolicy.firstRun", "false"),
];

/// The browsers that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Browser {
    /// Chromium and its relatives.
    Chromium,
    /// Firefox.
    Firefox,
}

/// The page that is a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In which browser.
    pub browser: Browser,
    /// What the configuration is called without a version: `chromium/liftoff`.
    pub name: String,
    /// Settings of the profile: names and values as in its file.
    pub preferences: Vec<(String, String)>,
}

/// A browser that runs, with a page that is open.
pub(crate) struct Tab {
    browser: Running,
}

/// A browser with the streams of its page.
pub(crate) struct Opened {
    pub(crate) tab: Tab,
    /// Where requests are written.
    pub(crate) requests: Requests,
    /// Where replies are read.
    pub(crate) replies: Replies,
    /// The browser's standard error.
    pub(crate) said: Box<dyn Read + Send>,
}

/// The processes of a browser; they are ended when it is dropped.
struct Running {
    child: Child,
    guard: Guard,
    /// The folder that is deleted with it.
    _profile: TempDir,
}

impl Tab {
    /// Starts a browser and waits until its page has opened the socket.
    ///
    /// # Errors
    /// In words: it cannot be started, ends, or does not open the page in time.
    pub(crate) fn open(
        command: &[String],
        environment: &[(String, String)],
        page: &Page,
    ) -> Result<Opened, String> {
        let server = Server::new(Serves::Worker(&page.name))?;
        let (mut browser, said) = Running::start(command, environment, page, &server.url())?;
        let Came::Socket(socket) = server.serve(OPENING, || browser.ended())? else {
            return Err("a page without a socket".to_owned());
        };
        let (requests, replies) = socket::halves(socket).map_err(|why| why.to_string())?;
        Ok(Opened {
            tab: Tab { browser },
            requests,
            replies,
            said,
        })
    }

    /// The browser's main process.
    pub(crate) fn id(&self) -> u32 {
        self.browser.child.id()
    }

    /// Ends the browser. The status is that with which it ended by itself, if it
    /// did so within `patience`: of a crash that took all of it.
    pub(crate) fn end(mut self, patience: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + patience;
        loop {
            match self.browser.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                _ => return None,
            }
        }
    }
}

/// What the function that the ES module `text` exports by default gives, as JSON, in a
/// page of a new browser.
///
/// # Errors
/// In words: no browser can be started, it ends, the module throws, or there is no
/// answer after `wall`.
pub(super) fn ask(
    launch: &Launch,
    page: &Page,
    text: &str,
    isolated: bool,
    wall: Duration,
) -> Result<String, String> {
    let server = Server::new(Serves::Module { text, isolated })?;
    let url = server.url();
    // What a campaign allows its memories is not what the browser does.
    let without_budget = |argument: &String| {
        let parts = argument
            .split(' ')
            .map(|part| match part.split_once(BUDGET) {
                Some((before, _)) => before,
                None => part,
            });
        parts.collect::<Vec<_>>().join(" ")
    };
    let command: Vec<String> = launch.command.iter().map(without_budget).collect();
    let (mut browser, mut said) = Running::start(&command, &launch.environment, page, &url)?;
    // A pipe that nobody reads would stop a browser that complains much.
    std::thread::spawn(move || io::copy(&mut said, &mut io::sink()));
    match server.serve(wall, || browser.ended())? {
        Came::Answer(answer) => Ok(answer),
        _ => Err("a page that does not answer".to_owned()),
    }
}

impl Running {
    fn start(
        command: &[String],
        environment: &[(String, String)],
        page: &Page,
        url: &str,
    ) -> Result<(Running, Box<dyn Read + Send>), String> {
        let (program, arguments) = command.split_first().ok_or("no browser is set")?;
        let failed = |why: io::Error| format!("{program}: cannot be started: {why}");
        let profile = TempDir::with_prefix("trapline-").map_err(failed)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .args(page.arguments(profile.path()).map_err(failed)?);
        let mut child = command
            .arg(url)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("MOZ_CRASHREPORTER_DISABLE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Ctrl-C is for the campaign; and all its processes can be ended at once.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let said = child
            .stderr
            .take()
            .ok_or("a browser without standard error")?;
        let guard = match Guard::of(&child) {
            Ok(guard) => guard,
            Err(why) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(failed(why));
            }
        };
        let running = Running {
            child,
            guard,
            _profile: profile,
        };
        Ok((running, Box::new(said)))
    }

    /// Whether it has ended by itself, as an error.
    fn ended(&mut self) -> Result<(), String> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(format!("the browser ended: {status}")),
            Ok(None) => Ok(()),
            Err(why) => Err(format!("nothing tells whether the browser runs: {why}")),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.guard.fire();
        }
        self.guard.end();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that kills a browser, with all the processes of its group, when we are
/// gone: it waits for the end of a pipe that we hold. A browser without its server
/// would run on.
struct Guard {
    child: Child,
    pipe: Option<ChildStdin>,
}

impl Guard {
    fn of(browser: &Child) -> io::Result<Guard> {
        let mut child = Command::new("sh")
            .args(["-c", r#"cat; kill -9 "-$0""#])
            .arg(browser.id().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let pipe = child.stdin.take();
        Ok(Guard { child, pipe })
    }

    /// Has it do what it is for.
    fn fire(&mut self) {
        self.pipe = None;
        let _ = self.child.wait();
    }

    /// Ends it: it must not kill a group that is gone.
    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Page {
    /// The arguments of a browser with a profile of its own in `folder`.
    fn arguments(&self, folder: &Path) -> io::Result<Vec<String>> {
        let profile = folder.display();
        match self.browser {
            Browser::Chromium => {
                let mut arguments = vec![format!("--user-data-dir={profile}")];
                // Its own sandbox does not work for root, which containers often are.
                if fs::metadata(folder)?.uid() == 0 {
                    arguments.push("--no-sandbox".to_owned());
                }
                Ok(arguments)
            }
            Browser::Firefox => {
                let own = self.preferences.iter();
                let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
                let lines: String = QUIET
                    .into_iter()
                    .chain(own)
                    .map(|(name, value)| format!("user_pref(\"{name}\", {value});\n"))
                    .collect();
                fs::write(folder.join("user.js"), lines)?;
                Ok(vec!["--profile".to_owned(), profile.to_string()])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guard_kills_a_whole_group_when_its_pipe_ends() {
        let mut shell = Command::new("sh")
            .args(["-c", "sleep 1000 & echo started; wait"])
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut stdout = shell.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 8]).unwrap();
        let mut guard = Guard::of(&shell).unwrap();
        guard.fire();
        // Both held the pipe.
        assert_eq!(stdout.read(&mut [0]).unwrap(), 0);
        assert!(!shell.wait().unwrap().success());
    }
}
