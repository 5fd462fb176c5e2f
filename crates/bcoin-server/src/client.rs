//! Asks another node for its chain. hyper's own client, since the servers bring it along; everything about it
//! is bounded, because anybody may be at the other end.

use std::time::Duration;

use axum::body::Bytes;
use bcoin::MAX_CHAIN_BYTES;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long another node may take for all of its answer.
pub const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest answer: a chain, and room for its frame and for blanks between its parts.
const MAX_ANSWER: usize = MAX_CHAIN_BYTES + (64 << 10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It took longer than [`ASK_TIMEOUT`].
    #[error("no answer within {} s", ASK_TIMEOUT.as_secs())]
    Timeout,
    /// There is no connection.
    #[error("cannot connect: {0}")]
    Connect(#[from] std::io::Error),
    /// The location cannot stand in a request.
    #[error(transparent)]
    Location(#[from] hyper::http::Error),
    /// What came is not HTTP.
    #[error(transparent)]
    Http(#[from] hyper::Error),
    /// Another status than 200.
    #[error("it answered {0}")]
    Status(StatusCode),
    /// A body that ends early, or never.
    #[error("its answer cannot be read: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
}

/// The body of `/get_chain` of the node at this location (host and port).
///
/// # Errors
/// Why there is none.
pub(crate) async fn ask(location: &str) -> Result<Bytes, AskError> {
    let answer = tokio::time::timeout(ASK_TIMEOUT, ask_at_leisure(location));
    answer.await.unwrap_or(Err(AskError::Timeout))
}

async fn ask_at_leisure(location: &str) -> Result<Bytes, AskError> {
    let request = Request::get("/get_chain")
        .header(HOST, location)
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())?;
    let stream = TcpStream::connect(with_port(location)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends when the answer has been read or dropped; its errors reach the answer as well.
    tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    if response.status() != StatusCode::OK {
        return Err(AskError::Status(response.status()));
    }
    let body = Limited::new(response.into_body(), MAX_ANSWER).collect();
    Ok(body.await.map_err(AskError::Body)?.to_bytes())
}

/// The location with the port of HTTP if it names none.
fn with_port(location: &str) -> String {
    let port = location.rsplit_once(':').map(|(_, port)| port);
    match port {
        Some(port) if port.parse::<u16>().is_ok() => location.into(),
        _ => format!("{}:80", location.trim_end_matches(':')),
    }
}

#[cfg(test)]
mod tests {
    use super::with_port;

    #[test]
    fn a_location_without_a_port_means_80() {
        for (location, expected) in [
            ("127.0.0.1:1002", "127.0.0.1:1002"),
            ("[::1]:1002", "[::1]:1002"),
            ("[::1]", "[::1]:80"),
            ("[2001:db8::17]", "[2001:db8::17]:80"),
            ("h", "h:80"),
            ("h:", "h:80"),
        ] {
            assert_eq!(with_port(location), expected);
        }
    }
}
