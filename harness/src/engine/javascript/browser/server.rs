//! The server of one page. It listens on the loopback address only, on a port of the
//! system's choice, and answers only requests whose path begins with its token.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::http::StatusCode;

use crate::engine::javascript::FILES;

/// The longest head of a request, in bytes.
const MAX_HEAD: usize = 16 << 10;

/// How long a connection may be silent before its request.
const SILENT: Duration = Duration::from_secs(10);

/// What a server is for.
pub(crate) enum Serves<'a> {
    /// The worker of this configuration, in a page that is isolated from other
    /// origins and so may have shared memories.
    Worker(&'a str),
}

/// A server with the files of a page.
pub(crate) struct Server {
    listener: TcpListener,
    url: String,
    site: Arc<Site>,
}

/// What is served.
struct Site {
    token: String,
    page: String,
}

/// What has come of the page.
enum Came {
    /// The socket, after its handshake.
    Socket(TcpStream),
    /// What went wrong in the page, in its words.
    Failure(String),
}

impl Server {
    pub(crate) fn new(serves: Serves<'_>) -> Result<Server, String> {
        let failed = |why: io::Error| format!("no server for a page: {why}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let mut secret = [0; 16];
        getrandom::fill(&mut secret).map_err(|why| failed(why.into()))?;
        let token = format!("{:032x}", u128::from_le_bytes(secret));
        let Serves::Worker(name) = serves;
        Ok(Server {
            listener,
            url: format!("http://127.0.0.1:{port}/{token}/page.html"),
            site: Arc::new(Site {
                token,
                page: include_str!("../worker/page.html").replace("NAME", name),
            }),
        })
    }

    /// Where the page is.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Serves until the page has opened its socket. `alive` fails when there is
    /// nobody left to open it.
    ///
    /// # Errors
    /// In words: what `alive` or the page says, or that nothing came in time.
    pub(crate) fn socket(
        self,
        within: Duration,
        mut alive: impl FnMut() -> Result<(), String>,
    ) -> Result<TcpStream, String> {
        let deadline = Instant::now() + within;
        let (sender, came) = mpsc::channel();
        loop {
            while let Ok((stream, _)) = self.listener.accept() {
                // A browser opens connections that it may never use.
                let (site, sender) = (self.site.clone(), sender.clone());
                thread::spawn(move || site.answer(stream, &sender));
            }
            match came.recv_timeout(Duration::from_millis(5)) {
                Ok(Came::Socket(socket)) => return Ok(socket),
                Ok(Came::Failure(words)) => return Err(format!("the page failed: {words}")),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            alive()?;
            if Instant::now() > deadline {
                return Err(format!("no page was opened in {} s", within.as_secs()));
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
        let Some(path) = target.strip_prefix(&format!("/{}/", self.token)) else {
            return respond(&mut stream, "404 Not Found", "text/plain", "");
        };
        if path == "socket" {
            let checked = |request: &Request, response: Response| match request.uri().path() {
                asked if asked == target => Ok(response),
                _ => {
                    let mut refused = ErrorResponse::new(None);
                    *refused.status_mut() = StatusCode::NOT_FOUND;
                    Err(refused)
                }
            };
            let mut socket = tungstenite::accept_hdr(stream, checked).ok()?;
            let stream = socket.get_mut().try_clone().ok()?;
            stream.set_read_timeout(None).ok()?;
            return came.send(Came::Socket(stream)).ok();
        }
        // What is answered is read, or closing would take the answer back.
        stream.read_exact(&mut vec![0; head.len()]).ok()?;
        if let Some(words) = path.strip_prefix("failed?") {
            respond(&mut stream, "204 No Content", "text/plain", "")?;
            return came.send(Came::Failure(decode(words))).ok();
        }
        if path == "page.html" {
            return respond(&mut stream, "200 OK", "text/html", &self.page);
        }
        match FILES.iter().find(|(name, _)| *name == path) {
            Some((_, text)) => respond(&mut stream, "200 OK", "text/javascript", text),
            None => respond(&mut stream, "404 Not Found", "text/plain", ""),
        }
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

fn respond(stream: &mut TcpStream, status: &str, kind: &str, body: &str) -> Option<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\n\
         Content-Type: {kind}; charset=utf-8\r\n\
         Content-Length: {}\r\n\
         Cache-Control: no-store\r\n\
         Connection: close\r\n\
         Cross-Origin-Opener-Policy: same-origin\r\n\
         Cross-Origin-Embedder-Policy: require-corp\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()
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
