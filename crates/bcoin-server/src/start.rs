//! Starting: ports first, then files, so that whoever is in the way is named before anything is written.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use bcoin::{Node, Rules, Settings, Words};
use tokio::net::TcpListener;

use crate::host::{Host, now};
use crate::listen::Servers;
use crate::store::{Store, StoreError, StoreErrorKind};

/// What to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen at; nobody else's machine can reach a loopback address.
    pub address: IpAddr,
    /// One node for each; 0 is any free port.
    pub ports: Vec<u16>,
    /// Where chains are kept; without it, they end with the program.
    pub data: Option<PathBuf>,
    /// How the nodes check.
    pub rules: Rules,
}

/// Why nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port cannot be had.
    #[error("cannot listen at {address}: {error}")]
    Port {
        /// The address and port.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// A file cannot be used.
    #[error("cannot use {0}")]
    Data(#[from] StoreError),
    /// The system gives no entropy, no threads or no signals.
    #[error("cannot run a server here: {0}")]
    System(#[from] io::Error),
}

impl StartError {
    /// What the caller can do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Port { error, .. } => match error.kind() {
                io::ErrorKind::AddrInUse => {
                    "another program uses this port: stop it, or name others, such as --ports 5001,5002,5003"
                }
                io::ErrorKind::PermissionDenied => {
                    "ports below 1024 need rights on some systems: name others, such as --ports 5001,5002,5003"
                }
                io::ErrorKind::AddrNotAvailable => {
                    "this machine does not have that address: leave --address out, or give one of its own"
                }
                _ => "name other ports, such as --ports 5001,5002,5003",
            },
            Self::Data(error) => match error.kind {
                StoreErrorKind::InUse => "stop the other one, or name another folder with --data",
                StoreErrorKind::Content(_) => {
                    "move the file away to begin a new chain, or name another folder with --data"
                }
                StoreErrorKind::Database(_) => "make the folder writable for this user",
            },
            Self::System(_) => "see what the system says",
        }
    }
}

impl Servers {
    /// Opens ports and files.
    ///
    /// # Errors
    /// The first that cannot be had.
    pub async fn bind(options: &Options) -> Result<Self, StartError> {
        let mut listeners = Vec::new();
        for &port in &options.ports {
            let address = SocketAddr::new(options.address, port);
            let listener = TcpListener::bind(address).await;
            listeners.push(listener.map_err(|error| StartError::Port { address, error })?);
        }
        let mut nodes = Vec::new();
        for listener in listeners {
            let port = listener.local_addr()?.port();
            nodes.push((listener, Arc::new(host(options, port)?)));
        }
        Ok(Self { nodes })
    }
}

fn host(options: &Options, port: u16) -> Result<Host, StartError> {
    let settings = |name| Settings {
        words: Words::of_port(port),
        rules: options.rules,
        name,
    };
    let Some(folder) = &options.data else {
        return Ok(Host::new(Node::new(settings(name()?), now()), None));
    };
    let store = Store::open(folder, port)?;
    let node = match store.load()? {
        Some((name, stored)) => {
            let node = Node::restore(settings(name), &stored);
            node.map_err(|error| store.no_node(&error))?
        }
        None => {
            let mut node = Node::new(settings(name()?), now());
            store.save(&node)?;
            node.saved();
            node
        }
    };
    Ok(Host::new(node, Some(store)))
}

/// A random UUID (RFC 9562, version 4) without its dashes, as the original names its nodes.
fn name() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    Ok(hex::encode(bytes))
}

/// Serves until somebody presses ctrl-c or the system asks the program to end. `ready` hears where each node
/// listens.
///
/// # Errors
/// Why nothing was started.
pub fn serve(options: &Options, ready: impl FnOnce(&[SocketAddr])) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let servers = Servers::bind(options).await?;
        let stop = signals()?;
        ready(&servers.addresses()?);
        servers.run(stop).await;
        Ok(())
    })
}

/// Done when the program is to end.
#[cfg(unix)]
fn signals() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Done when the program is to end.
#[cfg(not(unix))]
fn signals() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
