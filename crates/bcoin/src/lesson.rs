//! Three nodes in one value, and attacks on them. What sockets do between real nodes, [`Lesson::ask`] does here in
//! one call, so that a page can show each request, its answer and what it cost.

mod attack;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::{Comparison, LocalTime, Node, Request, Response, Rules, Settings, Step, Words};

pub use attack::{Attack, Attacked, Evidence};

/// The ports of the nodes, as in the book. Here they are but names.
pub const PORTS: [u16; 3] = [1001, 1002, 1003];

/// Three nodes, and what strangers would answer to them.
#[derive(Clone, Debug)]
pub struct Lesson {
    nodes: [Node; 3],
    /// Bodies of `/get_chain` by location.
    strangers: BTreeMap<String, Vec<u8>>,
}

/// A request, its answer, and its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Whom it went to.
    pub port: u16,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
    /// What was sent; empty for `GET`.
    pub body: String,
    /// What came back.
    pub response: Response,
    /// How many numbers were tried for a proof.
    pub tries: u64,
}

impl Lesson {
    /// Three nodes that know nobody. `names` are the senders of their rewards, drawn by chance; `now` is when the
    /// first starts, and the others start a microsecond later each, so that no two chains begin alike.
    #[must_use]
    pub fn new(names: [String; 3], now: LocalTime) -> Self {
        let mut at = now;
        let mut start = |(name, port)| {
            let node = Node::new(settings(name, port), at);
            at.0 = at.0.saturating_add(1);
            node
        };
        let [first, second, third] = names;
        let [a, b, c] = PORTS;
        Self {
            nodes: [start((first, a)), start((second, b)), start((third, c))],
            strangers: BTreeMap::new(),
        }
    }

    /// The nodes, in the order of [`PORTS`].
    #[must_use]
    pub fn nodes(&self) -> &[Node; 3] {
        &self.nodes
    }

    /// The number of the first block that two nodes do not share, if they do not share all; by place in
    /// [`PORTS`].
    #[must_use]
    pub fn parting(&self, one: usize, other: usize) -> Option<u64> {
        let [one, other] = [one, other].map(|place| self.nodes[place].chain());
        let common = one.common(other) as u64;
        let apart = common < one.length() || common < other.length();
        apart.then_some(common + 1)
    }

    /// Sends a request to the node at this place in [`PORTS`] and carries out all that it takes. A body is JSON.
    pub fn ask(
        &mut self,
        place: usize,
        method: &'static str,
        path: &'static str,
        body: &str,
        now: LocalTime,
    ) -> Exchange {
        let request = Request {
            method,
            path,
            content_type: Some("application/json"),
            body: body.as_bytes(),
        };
        let mut tries = 0;
        let mut step = self.nodes[place].handle(&request);
        let response = loop {
            step = match step {
                Step::Answer(response) => break response,
                Step::Ask(comparison) => break self.compare(place, comparison),
                Step::Mine(mut search) => {
                    // One in 65,536 numbers fits, so this ends.
                    let found = loop {
                        if let Some(found) = search.run(1 << 16) {
                            break found;
                        }
                    };
                    tries += search.tries();
                    self.nodes[place].found(&found, now)
                }
            };
        };
        Exchange {
            port: PORTS[place],
            method,
            path,
            body: body.into(),
            response,
            tries,
        }
    }

    fn compare(&mut self, place: usize, mut comparison: Comparison) -> Response {
        for location in comparison.nodes().to_vec() {
            let known = PORTS.iter().position(|port| location == local(*port));
            let body = match known {
                Some(other) => Some(self.nodes[other].get_chain().body),
                None => self.strangers.get(&location).cloned(),
            };
            // Whoever is not there, or has no chain that counts, is passed over.
            let _ = body.map(|body| comparison.hear(&body));
        }
        self.nodes[place].settle(comparison)
    }
}

fn settings(name: String, port: u16) -> Settings {
    Settings {
        words: Words::of_port(port),
        rules: Rules::Checked,
        name,
    }
}

/// Where the node at a port is found.
fn local(port: u16) -> String {
    format!("127.0.0.1:{port}")
}
