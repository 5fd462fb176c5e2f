//! Connections: as many at a time, as long, and with requests as large as is good for a server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bcoin::MAX_BODY;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::host::{Host, Received};

/// How many connections a node has at the same time; others wait.
pub const MAX_CONNECTIONS: usize = 64;
/// How long the head of a request may take, and its body again.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may last at all.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(600);
/// How long requests may go on when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Nodes whose ports are open.
pub struct Servers {
    pub(crate) nodes: Vec<(TcpListener, Arc<Host>)>,
}

impl Servers {
    /// Where they listen, in the order of the options' ports.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        let listeners = self.nodes.iter().map(|(listener, _)| listener);
        listeners.map(TcpListener::local_addr).collect()
    }

    /// Serves until `stop` is done; then requests that have come are still answered, for some seconds.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (stopping, stopped) = watch::channel(());
        let mut nodes = JoinSet::new();
        for (listener, host) in self.nodes {
            nodes.spawn(listen(listener, host, stopped.clone()));
        }
        drop(stopped);
        stop.await;
        drop(stopping);
        nodes.join_all().await;
    }
}

/// Serves one node until the sender of `stopped` is gone.
async fn listen(listener: TcpListener, host: Arc<Host>, mut stopped: watch::Receiver<()>) {
    let is_local = listener
        .local_addr()
        .is_ok_and(|address| address.ip().is_loopback());
    let router = Router::new().fallback(answer).with_state(Serving {
        host: Arc::clone(&host),
        is_local,
    });
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            _ = stopped.changed() => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = graceful.watch(connection(stream, router.clone()));
                tokio::spawn(async move {
                    // Errors here are the client's: it has gone away, or speaks no HTTP.
                    let _ = timeout(CONNECTION_TIMEOUT, connection).await;
                    drop(place);
                });
            }
            // The client is gone already, or there are too many open files: the next try may be better.
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
    drop(listener);
    host.stop();
    let _ = timeout(STOP_TIMEOUT, graceful.shutdown()).await;
}

type Connection = http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>>;

fn connection(stream: TcpStream, router: Router) -> Connection {
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
}

#[derive(Clone)]
struct Serving {
    host: Arc<Host>,
    /// Whether only this machine can reach the node.
    is_local: bool,
}

async fn answer(State(serving): State<Serving>, request: Request) -> Response {
    let response = match receive(request, serving.is_local).await {
        Ok(received) => serving.host.answer(received).await,
        Err(refusal) => refusal,
    };
    let mut answer = Response::new(Body::from(response.body));
    *answer.status_mut() = StatusCode::from_u16(response.status).expect("bcoin names real ones");
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(response.content_type),
    );
    if let Some(allow) = response.allow {
        headers.insert(ALLOW, HeaderValue::from_static(allow));
    }
    answer
}

async fn receive(request: Request, is_local: bool) -> Result<Received, bcoin::Response> {
    let (head, body) = request.into_parts();
    let header = |name: HeaderName| {
        let value = head.headers.get(name)?;
        value.to_str().ok().map(String::from)
    };
    if is_local && !header(HOST).is_none_or(|host| is_this_machine(&host)) {
        return Err(bcoin::Response::text(
            421,
            "This node is asked by its address.",
        ));
    }
    let too_long = || bcoin::Response::text(413, "The body is too long.");
    let length = header(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > MAX_BODY as u64) {
        return Err(too_long());
    }
    let body = timeout(HEAD_TIMEOUT, to_bytes(body, MAX_BODY)).await;
    let body = body.map_err(|_| bcoin::Response::text(408, "The body took too long."))?;
    Ok(Received {
        method: head.method.as_str().into(),
        path: head.uri.path().into(),
        content_type: header(CONTENT_TYPE),
        body: body.map_err(|_| too_long())?,
    })
}

/// Whether a request for this host was meant for a node on this machine. A page on the internet can have its
/// own name lead here (DNS rebinding) and would then talk to the node as if it were its own server.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_this_machine;

    #[test]
    fn names_of_others_are_not_this_machine() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:1001",
            "localhost:1001",
            "LocalHost",
            "[::1]:1001",
            "[::1]",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "example.org:1001",
            "localhost.example.org",
            "127.0.0.1.example.org:80",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
