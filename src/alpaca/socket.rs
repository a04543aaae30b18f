use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use tungstenite::http::Uri;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Error, Message, WebSocket, client_tls_with_config};

/// How long a connection may take to be made, and a frame to be written.
const CONNECT: Duration = Duration::from_secs(5);
/// The largest message that is read.
const MESSAGE_MAX: usize = 16 << 20;

/// One WebSocket to one host. It follows no redirect and asks no proxy: the connection is made here, and the
/// library only speaks over it.
pub(super) struct Socket(WebSocket<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects; `patience` is how long [`Socket::hear`] waits at most.
    ///
    /// # Errors
    /// Why not, in words.
    pub(super) fn open(url: &str, patience: Duration) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|_| "the stream's address cannot be read".to_owned())?;
        let host = uri.host().ok_or("the stream's address has no host")?.trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("wss") { 443 } else { 80 });
        let addresses = (host, port)
            .to_socket_addrs()
            .map_err(|_| "the host's name was not found; is this machine online?".to_owned())?;
        let mut last = "the host has no address".to_owned();
        for address in addresses {
            match TcpStream::connect_timeout(&address, CONNECT) {
                Ok(stream) => return Self::over(stream, url, patience),
                Err(fault) => last = words_of_io(fault.kind()),
            }
        }
        Err(last)
    }

    fn over(stream: TcpStream, url: &str, patience: Duration) -> Result<Self, String> {
        let set = |made: std::io::Result<()>| made.map_err(|fault| words_of_io(fault.kind()));
        set(stream.set_nodelay(true))?;
        set(stream.set_write_timeout(Some(CONNECT)))?;
        // The greeting may take longer than a frame.
        set(stream.set_read_timeout(Some(CONNECT)))?;
        let handle = stream.try_clone().map_err(|fault| words_of_io(fault.kind()))?;
        let config =
            WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX)).max_frame_size(Some(MESSAGE_MAX));
        let (socket, _greeting) = client_tls_with_config(url, stream, Some(config), None)
            .map_err(|_| "the host does not speak as a stream does".to_owned())?;
        set(handle.set_read_timeout(Some(patience)))?;
        Ok(Self(socket))
    }

    /// Says a frame of text.
    ///
    /// # Errors
    /// Why the connection is no more.
    pub(super) fn say(&mut self, text: &str) -> Result<(), String> {
        self.0.send(Message::text(text)).map_err(|fault| words_of(&fault))
    }

    /// The next message as text, whichever form it came in; `None` where nothing came in time.
    ///
    /// # Errors
    /// Why the connection is no more.
    pub(super) fn hear(&mut self) -> Result<Option<String>, String> {
        match self.0.read() {
            Ok(Message::Text(text)) => Ok(Some(text.as_str().to_owned())),
            Ok(Message::Binary(bytes)) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Ok(Message::Close(_)) => Err("the host closed the stream".to_owned()),
            Ok(_) => {
                // What the library wants to answer to a ping leaves here.
                match self.0.flush() {
                    Err(fault) if !is_patience(&fault) => Err(words_of(&fault)),
                    _ => Ok(None),
                }
            }
            Err(fault) if is_patience(&fault) => Ok(None),
            Err(fault) => Err(words_of(&fault)),
        }
    }
}

fn is_patience(fault: &Error) -> bool {
    matches!(fault, Error::Io(io) if matches!(io.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

/// The library's words hold parts of frames: only their kind is told.
fn words_of(fault: &Error) -> String {
    match fault {
        Error::ConnectionClosed | Error::AlreadyClosed => "the host closed the stream".to_owned(),
        Error::Io(io) => words_of_io(io.kind()),
        Error::Tls(_) => "no safe connection could be made".to_owned(),
        Error::Capacity(_) => "a message was larger than any that is expected".to_owned(),
        _ => "the stream broke off in the middle of a message".to_owned(),
    }
}

fn words_of_io(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::ConnectionRefused => "nobody listens there".to_owned(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "no answer within the time allowed".to_owned(),
        _ => "the connection was lost".to_owned(),
    }
}
