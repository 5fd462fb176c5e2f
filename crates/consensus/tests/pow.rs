//! Proof of work as a protocol: what it drafts, when it restarts the search, and which answers it
//! accepts.

use std::sync::Arc;

use chain::{
    BitcoinHeader, BlockId, BlockTime, ChainParams, CompactTarget, Header, Height, MerkleRoot,
    Past, PeerId, Stream, Time, bitcoin_2009, tabchain,
};
use consensus::pow::Pow;
use protocol::{ChainView, Cx, Drafted, Facts, ForkView, Job, JobId, Protocol, Values, Wish};

/// A chain of bare headers.
struct View(Vec<BitcoinHeader>);

impl ChainView for View {
    fn tip(&self) -> (BlockId, Height) {
        (
            self.0.last().expect("genesis").id(),
            self.past().tip_height(),
        )
    }

    fn forks(&self) -> Option<&dyn ForkView> {
        Some(self)
    }
}

impl ForkView for View {
    fn past(&self) -> &dyn Past {
        self
    }

    fn draft(&self, extra: u64) -> Drafted {
        let mut root = [0; 32];
        root[..8].copy_from_slice(&extra.to_le_bytes());
        let (parent, height) = self.tip();
        Drafted {
            parent,
            height: height.next(),
            root: MerkleRoot::from_bytes(root),
            body: Arc::from(&root[..]),
        }
    }
}

impl Past for View {
    fn header(&self, height: Height) -> Option<BitcoinHeader> {
        self.0.as_slice().header(height)
    }

    fn tip_height(&self) -> Height {
        self.0.as_slice().tip_height()
    }
}

fn params(bits: u32) -> ChainParams {
    tabchain("pow-tests", 10, CompactTarget(bits), 8, 210_000).expect("within limits")
}

/// Calls a protocol once and returns its wishes.
fn call(view: &View, clock: u32, f: impl FnOnce(&mut Cx<'_>)) -> Vec<Wish> {
    call_of(view, clock, true, f)
}

/// The same in a host that searches or does not.
fn call_of(view: &View, clock: u32, searches: bool, f: impl FnOnce(&mut Cx<'_>)) -> Vec<Wish> {
    let mut wishes = Vec::new();
    let mut rng = Stream::new(1, 2, "test");
    f(&mut Cx {
        now: Time(5),
        clock: BlockTime(clock),
        me: PeerId::from_bytes([1; 32]),
        peers: &[],
        searches,
        rng: &mut rng,
        chain: view,
        wishes: &mut wishes,
    });
    wishes
}

fn job(wishes: &[Wish]) -> Job {
    let jobs: Vec<_> = wishes
        .iter()
        .filter_map(|wish| {
            if let Wish::Work(job) = wish {
                Some(*job)
            } else {
                None
            }
        })
        .collect();
    let [job] = jobs[..] else {
        panic!("one job, not {jobs:?}")
    };
    job
}

/// The first nonce that meets the job's target, by the plain hash.
fn solve(job: &Job) -> u32 {
    let solves = |nonce: &u32| {
        let header = BitcoinHeader {
            nonce: *nonce,
            ..BitcoinHeader::decode(&job.header)
        };
        header.check_pow(chain::Target::MAX).is_ok()
    };
    (0..).find(solves).expect("an easy target")
}

fn start(bits: u32) -> (Pow, View) {
    let params = params(bits);
    let view = View(vec![params.genesis.header]);
    (Pow::new(Arc::new(params)), view)
}

const NOW: u32 = 1_790_000_000;

#[test]
fn a_found_nonce_becomes_a_block_that_checks() {
    let (mut pow, view) = start(0x207f_ffff);
    let job = job(&call(&view, NOW, |cx| pow.on_boot(cx, &Values::new())));
    let nonce = solve(&job);
    let wishes = call(&view, NOW, |cx| pow.on_job(cx, job.id, Some(nonce)));
    let [Wish::Publish { header, body }] = &wishes[..] else {
        panic!("{wishes:?}")
    };
    assert_eq!(header.parent(), view.tip().0);
    assert_eq!(body.len(), 32, "the body that was drafted");
    let facts = Facts {
        past: &view,
        now: BlockTime(NOW),
    };
    assert_eq!(
        pow.judge(header, &facts).map(|work| work.to_string()),
        Ok("0x2".into())
    );
}

/// Stale template mining: the tip changed during the search.
#[test]
fn an_answer_to_a_replaced_job_is_ignored() {
    let (mut pow, mut view) = start(0x207f_ffff);
    let old = job(&call(&view, NOW, |cx| pow.on_boot(cx, &Values::new())));
    let nonce = solve(&old);
    view.0.push(BitcoinHeader {
        nonce,
        ..BitcoinHeader::decode(&old.header)
    });
    let new = job(&call(&view, NOW, |cx| pow.on_tip(cx)));
    assert_ne!(old.id, new.id);
    assert_eq!(
        call(&view, NOW, |cx| pow.on_job(cx, old.id, Some(nonce))),
        []
    );
    assert_eq!(BitcoinHeader::decode(&new.header).prev, view.tip().0);
}

#[test]
fn an_answer_counts_once_and_only_if_it_is_true() {
    let (mut pow, view) = start(0x2000_ffff);
    let job = job(&call(&view, NOW, |cx| pow.on_boot(cx, &Values::new())));
    let nonce = solve(&job);
    let wrong = call(&view, NOW, |cx| {
        pow.on_job(cx, job.id, Some(nonce.wrapping_add(1)))
    });
    assert_eq!(wrong, [], "a nonce that meets nothing");
    assert_eq!(
        call(&view, NOW, |cx| pow.on_job(cx, job.id, Some(nonce))).len(),
        1
    );
    assert_eq!(
        call(&view, NOW, |cx| pow.on_job(cx, job.id, Some(nonce))),
        [],
        "once"
    );
    assert_eq!(
        call(&view, NOW, |cx| pow.on_job(cx, JobId(99), Some(nonce))),
        [],
        "never given out"
    );
}

#[test]
fn spent_nonces_and_the_timer_roll_time_and_extra_nonce() {
    let (mut pow, view) = start(0x1d00_ffff);
    let first = job(&call(&view, NOW, |cx| pow.on_boot(cx, &Values::new())));
    let second = job(&call(&view, NOW + 3, |cx| pow.on_job(cx, first.id, None)));
    let third = job(&call(&view, NOW + 5, |cx| pow.on_timer(cx, 0)));
    let headers = [first, second, third].map(|job| BitcoinHeader::decode(&job.header));
    assert!(headers[0].merkle_root != headers[1].merkle_root);
    assert!(headers[1].merkle_root != headers[2].merkle_root);
    assert_eq!(headers.map(|header| header.time.0), [NOW, NOW + 3, NOW + 5]);
    assert_eq!(
        call(&view, NOW, |cx| pow.on_job(cx, first.id, None)),
        [],
        "a job that is gone"
    );
}

#[test]
fn a_host_that_does_not_search_gets_no_jobs() {
    let (mut pow, view) = start(0x1d00_ffff);
    let idle = |f: &mut dyn FnMut(&mut Cx<'_>)| call_of(&view, NOW, false, f);
    assert_eq!(idle(&mut |cx| pow.on_boot(cx, &Values::new())), []);
    assert_eq!(idle(&mut |cx| pow.on_tip(cx)), []);
    let first = job(&call(&view, NOW, |cx| pow.on_search(cx)));
    let Wish::Stop(stopped) = idle(&mut |cx| pow.on_search(cx))[0] else {
        panic!("the search ends")
    };
    assert_eq!(stopped, first.id);
    assert_eq!(
        idle(&mut |cx| pow.on_timer(cx, 0)),
        [],
        "no draft is rolled"
    );
    let second = job(&call(&view, NOW, |cx| pow.on_search(cx)));
    assert_ne!(first.header, second.header, "nothing is searched twice");
}

/// Where blocks take long, nobody needs another draft every two seconds.
#[test]
fn a_draft_lasts_a_tenth_of_the_time_between_blocks_within_limits() {
    let at = |spacing| {
        let bits = CompactTarget(0x1d00_ffff);
        let params = tabchain("pow-tests", spacing, bits, 8, 210_000).expect("within limits");
        let view = View(vec![params.genesis.header]);
        let mut pow = Pow::new(Arc::new(params));
        let wishes = call(&view, NOW, |cx| pow.on_boot(cx, &Values::new()));
        let timer = wishes.iter().find_map(|wish| match wish {
            Wish::Arm { key: 0, at } => Some(at.0 / 1_000_000),
            _ => None,
        });
        timer.expect("a timer")
    };
    assert_eq!([1, 10, 100, 600, 3600].map(at), [2, 2, 10, 30, 30]);
}

/// The clock jumped back an hour, or to before the chain began.
#[test]
fn a_clock_that_goes_back_still_drafts_valid_times() {
    let (mut pow, mut view) = start(0x207f_ffff);
    for _ in 0..12 {
        let job = job(&call(&view, NOW, |cx| pow.on_tip(cx)));
        let header = BitcoinHeader {
            nonce: solve(&job),
            ..BitcoinHeader::decode(&job.header)
        };
        view.0.push(header);
    }
    for clock in [NOW - 3600, 0] {
        let job = job(&call(&view, clock, |cx| pow.on_tip(cx)));
        let header = BitcoinHeader {
            nonce: solve(&job),
            ..BitcoinHeader::decode(&job.header)
        };
        let facts = Facts {
            past: &view,
            now: BlockTime(NOW),
        };
        pow.judge(&Header::Bitcoin(header), &facts)
            .expect("a valid time");
    }
}

#[test]
fn bits_must_be_the_required_ones_even_if_harder() {
    let (pow, view) = start(0x207f_ffff);
    let header = BitcoinHeader {
        version: 1,
        prev: view.tip().0,
        merkle_root: MerkleRoot::ZERO,
        time: BlockTime(NOW),
        bits: CompactTarget(0x2000_ffff),
        nonce: 0,
    };
    let solved = BitcoinHeader {
        nonce: solve(&Job {
            id: JobId(0),
            header: header.encode(),
            target: [0; 32],
        }),
        ..header
    };
    let facts = Facts {
        past: &view,
        now: BlockTime(NOW),
    };
    let reject = pow
        .judge(&Header::Bitcoin(solved), &facts)
        .expect_err("harder than required");
    assert_eq!(reject.name(), "bad-diffbits");
}

/// Bitcoin's first block under Bitcoin's own parameters.
#[test]
fn bitcoins_block_1_checks() {
    let params = bitcoin_2009();
    let genesis = params.genesis.header;
    let pow = Pow::new(Arc::new(params));
    let block_1 = BitcoinHeader {
        version: 1,
        prev: genesis.id(),
        merkle_root: "0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098"
            .parse()
            .expect("a root"),
        time: BlockTime(1_231_469_665),
        bits: CompactTarget(0x1d00_ffff),
        nonce: 2_573_394_689,
    };
    let past = View(vec![genesis]);
    let facts = Facts {
        past: &past,
        now: BlockTime(NOW),
    };
    let work = pow
        .judge(&Header::Bitcoin(block_1), &facts)
        .expect("mined in 2009");
    assert_eq!(work.to_string(), "0x100010001");
}
