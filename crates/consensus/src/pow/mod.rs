//! Proof of work (Nakamoto 2008, sections 4 and 5): see README.md in this folder.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use chain::{
    BitcoinHeader, ChainParams, Header, Micros, Reject, U256, Work, check_header, min_block_time,
    required_bits,
};
use protocol::planted::is_planted;
use protocol::{
    Card, Cx, Entry, Facts, ForkView, Glance, Job, JobId, ParamSpec, Protocol, Shape, Sheet, Value,
    Values,
};

mod twists;

/// Proof of work's entry in the registry.
pub const ENTRY: Entry = Entry {
    card: Card {
        id: "pow",
        name: "Proof of work",
        paper: "S. Nakamoto, Bitcoin: A Peer-to-Peer Electronic Cash System, 2008",
        tolerance: "honest majority of the hash rate",
        reign: "",
        roles: &["node"],
    },
    shape: Shape::Forks,
    least: 3,
    liars: |_| 0, // it depends on their hash rate
    params: &[
        ParamSpec {
            name: "spacing",
            unit: "s",
            min: 1,
            max: 3600,
            default: 10,
        },
        // 0x01010000 is 1, the hardest target there is. Half of all hashes meet 0x207fffff.
        ParamSpec {
            name: "bits",
            unit: "",
            min: 0x0101_0000,
            max: 0x207f_ffff,
            default: 0x1e00_ffff,
        },
        ParamSpec {
            name: "window",
            unit: "blocks",
            min: 4,
            max: 2016,
            default: 8,
        },
    ],
    build: |terms| Box::new(Pow::new(terms.chain.clone())),
    twists: twists::ALL,
    claims: |_| Vec::new(), // the common ones say all that it promises
};

/// The timer for a new draft, so that the time in it stays current.
const ROLL: u16 = 0;
/// A draft is at least so many seconds old before another takes its place ...
const ROLL_SOONEST: u64 = 2;
/// ... and at most so many ...
const ROLL_LATEST: u64 = 30;
/// ... in between, this part of the time between blocks.
const ROLL_PART: u64 = 10;

/// The proof-of-work protocol of one node.
#[derive(Clone)]
pub struct Pow {
    params: Arc<ChainParams>,
    search: Option<Search>,
    next_job: u64,
    extra: Option<u64>,
}

/// The search that the host was asked for.
#[derive(Clone)]
struct Search {
    job: JobId,
    header: BitcoinHeader,
    body: Arc<[u8]>,
}

impl Pow {
    /// The protocol of a chain with these parameters.
    #[must_use]
    pub fn new(params: Arc<ChainParams>) -> Self {
        Self {
            params,
            search: None,
            next_job: 0,
            extra: None,
        }
    }

    /// Drafts the next block and asks the host to search it instead of the previous one. Drafts nothing
    /// for hosts that do not search.
    fn search_next(&mut self, cx: &mut Cx<'_>) {
        let chain = cx.chain;
        // Nothing is searched where slots are executed.
        if let Some(branch) = chain.forks() {
            self.search_on(cx, branch);
        }
    }

    /// The same on top of a branch.
    fn search_on(&mut self, cx: &mut Cx<'_>, branch: &dyn ForkView) {
        if !cx.searches {
            return self.cease(cx);
        }
        let extra = self.next_extra(cx);
        let past = branch.past();
        let (Ok(bits), Ok(earliest)) = (
            required_bits(past, &self.params),
            min_block_time(past, &self.params),
        ) else {
            unreachable!("a node knows every ancestor of its tip");
        };
        let draft = branch.draft(extra);
        let header = BitcoinHeader {
            version: VERSION,
            prev: draft.parent,
            merkle_root: draft.root,
            // A clock that went back must not make blocks that break the median rule.
            time: cx.clock.max(earliest),
            bits,
            nonce: 0,
        };
        let job = JobId(self.next_job);
        self.next_job += 1;
        cx.work(Job {
            id: job,
            header: header.encode(),
            target: target_bytes(&header),
        });
        let age = u64::from(self.params.spacing_secs) / ROLL_PART;
        let age = Micros::from_secs(age.clamp(ROLL_SOONEST, ROLL_LATEST));
        cx.arm(ROLL, cx.now.saturating_add(age));
        self.search = Some(Search {
            job,
            header,
            body: draft.body,
        });
    }

    /// Forgets the draft, if there is one.
    fn cease(&mut self, cx: &mut Cx<'_>) {
        if let Some(search) = self.search.take() {
            cx.stop(search.job);
            cx.disarm(ROLL);
        }
    }

    /// A number that no earlier draft of this incarnation had. The first one is random, so that a
    /// restarted node does not search the same blocks again.
    fn next_extra(&mut self, cx: &mut Cx<'_>) -> u64 {
        let extra = self
            .extra
            .map_or_else(|| cx.rng.next_u64(), |last| last.wrapping_add(1));
        self.extra = Some(extra);
        extra
    }

    fn found(&mut self, cx: &mut Cx<'_>, nonce: u32) {
        let Some(search) = self.search.take() else {
            return;
        };
        let header = BitcoinHeader {
            nonce,
            ..search.header
        };
        if header.check_pow(self.params.pow_limit).is_err() {
            self.search = Some(search); // the host was wrong; it may go on searching
            return;
        }
        cx.publish(Header::Bitcoin(header), search.body);
    }

    fn answers(&self, job: JobId) -> bool {
        self.search.as_ref().is_some_and(|search| search.job == job)
    }
}

/// The version of a BIP9 block that signals nothing.
const VERSION: i32 = 0x2000_0000;

/// The target as the kernel expects it: 32 bytes, little-endian.
fn target_bytes(header: &BitcoinHeader) -> [u8; 32] {
    let mut bytes = header.bits.expand().target.to_be_bytes();
    bytes.reverse();
    bytes
}

impl Protocol for Pow {
    fn judge(&self, header: &Header, facts: &Facts<'_>) -> Result<Work, Reject> {
        match header {
            Header::Bitcoin(header) => check_header(header, facts.past, facts.now, &self.params)
                .map(|work| match is_planted("pow/longest-chain") {
                    true => Work(U256::ONE),
                    false => work,
                }),
            // A sealed header proves no work, whatever its id.
            Header::Sealed(_) => Err(Reject::HighHash {
                hash: header.id(),
                bits: self.params.genesis.header.bits,
            }),
        }
    }

    fn lookback(&self) -> u32 {
        chain::lookback(&self.params)
    }

    fn on_boot(&mut self, cx: &mut Cx<'_>, _saved: &Values) {
        self.search_next(cx);
    }

    fn on_tip(&mut self, cx: &mut Cx<'_>) {
        self.search_next(cx);
    }

    fn on_search(&mut self, cx: &mut Cx<'_>) {
        self.search_next(cx);
    }

    fn on_timer(&mut self, cx: &mut Cx<'_>, key: u16) {
        if key == ROLL {
            self.search_next(cx);
        }
    }

    fn on_job(&mut self, cx: &mut Cx<'_>, job: JobId, found: Option<u32>) {
        if !self.answers(job) {
            return; // the job has been replaced, so the block would be stale
        }
        match found {
            Some(nonce) => self.found(cx, nonce),
            None => self.search_next(cx),
        }
    }

    fn glance(&self) -> Glance {
        Glance::default()
    }

    fn inspect(&self) -> Sheet {
        let sheet = Sheet::new("pow");
        match &self.search {
            Some(search) => sheet
                .row("job", Value::Number(search.job.0))
                .row("parent", Value::Block(search.header.prev))
                .row("bits", Value::Number(u64::from(search.header.bits.0))),
            None => sheet.row("job", Value::Word("none")),
        }
    }

    fn fork(&self) -> Box<dyn Protocol> {
        Box::new(self.clone())
    }
}
