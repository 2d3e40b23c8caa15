//! The two directions of a WebSocket as streams of frames: a message of the socket is
//! a frame without its length.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

use crate::worker::protocol::MAX_FRAME;

/// Where requests are written. What is written between two flushes is one frame.
pub(crate) struct Requests {
    socket: WebSocket<TcpStream>,
    frame: Vec<u8>,
}

/// Where replies are read.
pub(crate) struct Replies {
    socket: WebSocket<TcpStream>,
    rest: io::Cursor<Vec<u8>>,
}

/// The two directions of a socket after its handshake.
pub(super) fn halves(stream: TcpStream) -> io::Result<(Requests, Replies)> {
    let most = Some(MAX_FRAME as usize);
    let config = WebSocketConfig::default()
        .max_message_size(most)
        .max_frame_size(most);
    let half = |stream| WebSocket::from_raw_socket(stream, Role::Server, Some(config));
    let requests = Requests {
        socket: half(stream.try_clone()?),
        frame: Vec::new(),
    };
    let replies = Replies {
        socket: half(stream),
        rest: io::Cursor::default(),
    };
    Ok((requests, replies))
}

impl Write for Requests {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let frame = std::mem::take(&mut self.frame);
        let Some(message) = frame.get(4..).filter(|message| !message.is_empty()) else {
            return Ok(());
        };
        let text = std::str::from_utf8(message).map_err(io::Error::other)?;
        self.socket.send(Message::text(text)).map_err(in_io)
    }
}

impl Read for Replies {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.rest.read(bytes)?;
            if n > 0 || bytes.is_empty() {
                return Ok(n);
            }
            let message = match self.socket.read() {
                Ok(Message::Text(text)) => text.as_str().as_bytes().to_vec(),
                Ok(Message::Binary(bytes)) => bytes.to_vec(),
                // The page is gone.
                Ok(Message::Close(_)) => return Ok(0),
                Ok(_) => continue,
                Err(Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(_)) => {
                    return Ok(0);
                }
                Err(Error::Io(why)) if why.kind() == io::ErrorKind::ConnectionReset => {
                    return Ok(0);
                }
                Err(why) => return Err(in_io(why)),
            };
            let length = u32::try_from(message.len()).map_err(io::Error::other)?;
            let mut frame = length.to_le_bytes().to_vec();
            frame.extend(message);
            self.rest = io::Cursor::new(frame);
        }
    }
}

/// A message that is too long is garbage.
fn in_io(why: Error) -> io::Error {
    match why {
        Error::Io(why) => why,
        Error::Capacity(why) => io::Error::new(io::ErrorKind::InvalidData, why.to_string()),
        other => io::Error::other(other.to_string()),
    }
}
