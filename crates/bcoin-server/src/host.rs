//! One node and what carries out its steps: threads that search, a client that asks, a file that keeps.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use bcoin::{Comparison, Found, LocalTime, Node, Response, Search, Step};
use tokio::task::{JoinSet, spawn_blocking};

use crate::client;
use crate::store::Store;

/// How many numbers a search tries before it looks whether the server stops.
const TRIES: u64 = 1 << 14;
/// How many nodes are asked at the same time: their answers are in memory together.
const ASKED_AT_ONCE: usize = 8;

/// A node with its surroundings.
pub(crate) struct Host {
    node: Mutex<Node>,
    store: Option<Store>,
    /// Held while a proof is searched for: requests mine one after the other, each its own block.
    mining: tokio::sync::Mutex<()>,
    /// Held while others are asked, so that many requests need no more memory than one.
    asking: tokio::sync::Mutex<()>,
    stopping: AtomicBool,
}

/// A request that has been received whole.
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
}

impl Received {
    fn request(&self) -> bcoin::Request<'_> {
        bcoin::Request {
            method: &self.method,
            path: &self.path,
            content_type: self.content_type.as_deref(),
            body: &self.body,
        }
    }
}

impl Host {
    pub(crate) fn new(node: Node, store: Option<Store>) -> Self {
        Self {
            node: Mutex::new(node),
            store,
            mining: tokio::sync::Mutex::default(),
            asking: tokio::sync::Mutex::default(),
            stopping: AtomicBool::new(false),
        }
    }

    /// Ends searches; requests that wait for one are told.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) async fn answer(self: Arc<Self>, received: Received) -> Response {
        let mut step = self
            .step(move |node| node.handle(&received.request()))
            .await;
        let mut turn = None;
        loop {
            step = match step {
                Ok(Step::Answer(response)) | Err(response) => return response,
                Ok(Step::Ask(comparison)) => return self.ask(comparison).await,
                // The block to search for may be another one when the turn has come.
                Ok(Step::Mine(_)) if turn.is_none() => {
                    turn = Some(self.mining.lock().await);
                    self.step(|node| node.mine()).await
                }
                Ok(Step::Mine(search)) => {
                    let host = Arc::clone(&self);
                    match run(move || host.search(search)).await {
                        Ok(Some(found)) => self.step(move |node| node.found(&found, now())).await,
                        Ok(None) => Err(Response::text(503, "The server stops.")),
                        Err(response) => Err(response),
                    }
                }
            };
        }
    }

    /// Lets the node do something and saves what that changes.
    async fn step<T: Send + 'static>(
        self: &Arc<Self>,
        deed: impl FnOnce(&mut Node) -> T + Send + 'static,
    ) -> Result<T, Response> {
        let host = Arc::clone(self);
        run(move || {
            // A node is never left half changed: what could panic in it does so before it changes.
            let mut node = host.node.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = deed(&mut node);
            if let Some(store) = &host.store
                && node.unsaved() != bcoin::Record::default()
            {
                let saved = store.save(&node);
                saved.map_err(|e| Response::text(500, format!("This was not saved: {e}.")))?;
                node.saved();
            }
            Ok(outcome)
        })
        .await?
    }

    fn search(&self, mut search: Search) -> Option<Found> {
        while !self.stopping.load(Ordering::Relaxed) {
            if let Some(found) = search.run(TRIES) {
                return Some(found);
            }
        }
        None
    }

    async fn ask(self: &Arc<Self>, mut comparison: Comparison) -> Response {
        let _turn = self.asking.lock().await;
        for group in comparison.nodes().to_vec().chunks(ASKED_AT_ONCE) {
            let mut asked = JoinSet::new();
            for (place, location) in group.iter().cloned().enumerate() {
                asked.spawn(async move { (place, client::ask(&location).await) });
            }
            let mut answers = asked.join_all().await;
            // Of chains of one length the first counts, so the order must not depend on who was faster.
            answers.sort_by_key(|(place, _)| *place);
            let heard = run(move || {
                // Whoever cannot be reached, or has no chain that counts, is passed over.
                for (_, body) in answers {
                    let _ = body.map(|body| comparison.hear(&body));
                }
                comparison
            });
            comparison = match heard.await {
                Ok(comparison) => comparison,
                Err(response) => return response,
            };
        }
        self.settle(comparison).await
    }

    async fn settle(self: &Arc<Self>, comparison: Comparison) -> Response {
        let step = self.step(move |node| node.settle(comparison)).await;
        step.unwrap_or_else(|response| response)
    }
}

/// Runs what takes long on a thread of its own.
async fn run<T: Send + 'static>(deed: impl FnOnce() -> T + Send + 'static) -> Result<T, Response> {
    let done = spawn_blocking(deed).await;
    done.map_err(|_| Response::text(500, "The server has made a mistake."))
}

/// The time on this machine's wall.
pub(crate) fn now() -> LocalTime {
    let now = jiff::Zoned::now();
    let offset = i64::from(now.offset().seconds()) * 1_000_000;
    LocalTime(now.timestamp().as_microsecond() + offset)
}
