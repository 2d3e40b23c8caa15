//! The server of one page. It listens on the loopback address only, on a port of the
//! system's choice, and answers only requests whose path begins with its token.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::javascript::FILES;

/// The page of a worker, whose name is put in.
const WORKER: &str = include_str!("../worker/page.html");

/// The page that asks a module. What goes wrong in it is said, as in the other one.
const MODULE: &str = "<!doctype html>
<title>trapline</title>
<link rel=icon href='data:,'>
<script type=module>
  const say = (what, words) => fetch(what + '?' + encodeURIComponent(words));
  try {
    const { default: ask } = await import('./case.mjs');
    say('answered', JSON.stringify(await ask()));
  } catch (error) {
    say('failed', String(error));
  }
</script>
";

/// The longest head of a request, in bytes.
const MAX_HEAD: usize = 16 << 10;

/// How long a connection may be silent before its request.
const SILENT: Duration = Duration::from_secs(10);

/// What a server is for.
pub(super) enum Serves<'a> {
    /// The worker of this configuration, in a page that is isolated from other
    /// origins and so may have shared memories.
    Worker(&'a str),
    /// An ES module whose default export is called for an answer.
    Module {
        text: &'a str,
        /// Whether the page is isolated from other origins.
        isolated: bool,
    },
}

/// A server with the files of a page.
pub(super) struct Server {
    listener: TcpListener,
    url: String,
    site: Arc<Site>,
}

/// What is served.
struct Site {
    token: String,
    page: String,
    /// What is asked for an answer.
    module: String,
    isolated: bool,
}

/// What has come of the page.
pub(super) enum Came {
    /// The socket, after its handshake.
    Socket(TcpStream),
    /// The answer of a module.
    Answer(String),
    /// What went wrong in the page, in its words.
    Failure(String),
}

impl Server {
    pub(super) fn new(serves: Serves<'_>) -> Result<Server, String> {
        let failed = |why: io::Error| format!("no server for a page: {why}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let mut secret = [0; 16];
        getrandom::fill(&mut secret).map_err(|why| failed(why.into()))?;
        let token = format!("{:032x}", u128::from_le_bytes(secret));
        let (page, module, isolated) = match serves {
            Serves::Worker(name) => (WORKER.replace("NAME", name), "", true),
            Serves::Module { text, isolated } => (MODULE.to_owned(), text, isolated),
        };
        Ok(Server {
            listener,
            url: format!("http://127.0.0.1:{port}/{token}/page.html"),
            site: Arc::new(Site {
                token,
                page,
                module: module.to_owned(),
                isolated,
            }),
        })
    }

    /// Where the page is.
    pub(super) fn url(&self) -> String {
        self.url.clone()
    }

    /// Serves until the page has opened its socket or answers. `alive` fails when there
    /// is nobody left to do so.
    ///
    /// # Errors
    /// In words: what `alive` or the page says, or that nothing came in time.
    pub(super) fn serve(
        self,
        within: Duration,
        mut alive: impl FnMut() -> Result<(), String>,
    ) -> Result<Came, String> {
        let deadline = Instant::now() + within;
        let (sender, came) = mpsc::channel();
        loop {
            while let Ok((stream, _)) = self.listener.accept() {
                // A browser opens connections that it may never use.
                let (site, sender) = (self.site.clone(), sender.clone());
                thread::spawn(move || site.answer(stream, &sender));
            }
            match came.recv_timeout(Duration::from_millis(5)) {
                Ok(Came::Failure(words)) => return Err(format!("the page failed: {words}")),
                Ok(came) => return Ok(came),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            alive()?;
            if Instant::now() > deadline {
                return Err(format!(
                    "nothing came of the page in {} s",
                    within.as_secs()
                ));
            }
        }
    }
}

impl Site {
    /// Answers the one request of a connection. Who does not know the token learns
    /// nothing but that.
    fn answer(&self, mut stream: TcpStream, came: &Sender<Came>) -> Option<()> {
        stream.set_nonblocking(false).ok()?;
        stream.set_read_timeout(Some(SILENT)).ok()?;
        stream.set_nodelay(true).ok()?;
        let head = peek_head(&stream)?;
        let target = head.split(' ').nth(1)?;
        let path = target.strip_prefix(&format!("/{}/", self.token));
        if path == Some("socket") {
            // Its path is the one that was looked at: what was peeked is read now.
            let mut socket = tungstenite::accept(stream).ok()?;
            let stream = socket.get_mut().try_clone().ok()?;
            stream.set_read_timeout(None).ok()?;
            return came.send(Came::Socket(stream)).ok();
        }
        // What is answered is read, or closing would take the answer back.
        stream.read_exact(&mut vec![0; head.len()]).ok()?;
        let Some(path) = path else {
            return self.respond(&mut stream, "404 Not Found", "text/plain", "");
        };
        let said = match path.split_once('?') {
            Some(("failed", words)) => Some(Came::Failure(decode(words))),
            Some(("answered", words)) => Some(Came::Answer(decode(words))),
            _ => None,
        };
        if let Some(said) = said {
            self.respond(&mut stream, "204 No Content", "text/plain", "")?;
            return came.send(said).ok();
        }
        let file = FILES.iter().find(|(name, _)| *name == path);
        let (kind, text) = match (path, file) {
            ("page.html", _) => ("text/html", &*self.page),
            ("case.mjs", _) => ("text/javascript", &*self.module),
            (_, Some((_, text))) => ("text/javascript", *text),
            _ => return self.respond(&mut stream, "404 Not Found", "text/plain", ""),
        };
        self.respond(&mut stream, "200 OK", kind, text)
    }

    fn respond(&self, stream: &mut TcpStream, status: &str, kind: &str, body: &str) -> Option<()> {
        let isolation = match self.isolated {
            true => {
                "Cross-Origin-Opener-Policy: same-origin\r\n\
                 Cross-Origin-Embedder-Policy: require-corp\r\n"
            }
            false => "",
        };
        let head = format!(
            "HTTP/1.1 {status}\r\n\
             Content-Type: {kind}; charset=utf-8\r\n\
             Content-Length: {}\r\n\
             Cache-Control: no-store\r\n\
             Connection: close\r\n{isolation}\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body.as_bytes()).ok()
    }
}

/// The head of a request, which stays to be read.
fn peek_head(stream: &TcpStream) -> Option<String> {
    let mut bytes = vec![0; MAX_HEAD];
    let deadline = Instant::now() + SILENT;
    while Instant::now() < deadline {
        let have = stream.peek(&mut bytes).ok()?;
        let head = bytes.get(..have)?;
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            return String::from_utf8(head[..end + 4].to_vec()).ok();
        }
        if have == 0 || have == MAX_HEAD {
            return None;
        }
        thread::sleep(Duration::from_millis(1));
    }
    None
}

/// Decodes what `encodeURIComponent` has made.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the server answers to a request for `path` of its site.
    fn ask(path: impl Fn(&str) -> String) -> (String, Option<Came>) {
        let serves = Serves::Module {
            text: "export default () => 1;",
            isolated: false,
        };
        let server = Server::new(serves).unwrap();
        let address = server.listener.local_addr().unwrap();
        assert!(address.ip().is_loopback());
        let page = server.url();
        let prefix = page.strip_suffix("page.html").unwrap();
        let target = path(&prefix[prefix.find(&*server.site.token).unwrap() - 1..]);
        let client = thread::spawn(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        let mut alive = || match client.is_finished() {
            true => Err("served".to_owned()),
            false => Ok(()),
        };
        let came = server.serve(SILENT, &mut alive).ok();
        (client.join().unwrap(), came)
    }

    #[test]
    fn only_who_knows_the_token_is_answered() {
        let (answer, _) = ask(|site| format!("{site}case.mjs"));
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("export default () => 1;"), "{answer}");
        let other = |site: &str| format!("/{:032x}/case.mjs", site.len());
        for (answer, came) in [
            ask(other),
            ask(|_| "/case.mjs".to_owned()),
            ask(|site| format!("{site}socket")),
        ] {
            assert!(
                !answer.contains("200 OK") && !answer.contains("export"),
                "{answer}"
            );
            assert!(came.is_none());
        }
    }

    #[test]
    fn what_the_page_says_arrives() {
        let (_, came) = ask(|site| format!("{site}answered?%7B%22a%22%3A%22%C3%A9%25%22%7D"));
        assert!(matches!(came, Some(Came::Answer(words)) if words == "{\"a\":\"é%\"}"));
    }
}
