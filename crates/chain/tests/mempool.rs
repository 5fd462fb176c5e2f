//! The mempool beside a model that recomputes everything, and each of its rules at its limit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chain::mempool::{
    Admission, Arrival, Gone, Limits, Mempool, Orphan, Orphans, Pending, Refusal, Totals,
};
use chain::{Amount, FeeRate, Micros, OutPoint, PeerId, Time, Txid, Wtxid};
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    size: 6_000,
    transaction: 1_000,
    rate: FeeRate::from_milli_sat(1_000),
    step: FeeRate::from_milli_sat(1_000),
    chain: 5,
    chain_size: 2_000,
    replaced: 4,
    patience: Micros::from_secs(100),
    half_life: Micros::from_secs(10),
};

fn txid(n: u64) -> Txid {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    Txid::from_bytes(bytes)
}

fn wtxid(n: u64) -> Wtxid {
    Wtxid::from_bytes(*txid(n).as_bytes())
}

fn out(n: u64, vout: u32) -> OutPoint {
    let txid = txid(n);
    OutPoint { txid, vout }
}

fn sat(satoshi: u64) -> Amount {
    Amount::new(satoshi).unwrap()
}

fn at(secs: u64) -> Time {
    Time::ZERO.saturating_add(Micros::from_secs(secs))
}

/// Transaction `n`, 100 virtual bytes long unless the test says otherwise.
fn tx(n: u64, fee: u64, spends: &[OutPoint]) -> Admission {
    Admission {
        txid: txid(n),
        size: 100,
        fee: sat(fee),
        spends: spends.to_vec(),
        replaceable: true,
        is_frail: false,
    }
}

fn put(pool: &mut Mempool, now: Time, tx: Admission) -> Result<Vec<(Txid, Gone)>, Refusal> {
    let wtxid = Wtxid::from_bytes(*tx.txid.as_bytes());
    let bytes: Arc<[u8]> = Arc::from(&tx.txid.as_bytes()[..]);
    let gone = pool.insert(now, bytes, wtxid, tx, Arrival::New)?;
    Ok(gone
        .into_iter()
        .map(|(tx, why)| (tx.admission.txid, why))
        .collect())
}

/// A pool with these transactions in it, put in at the start.
fn pool(limits: Limits, with: &[Admission]) -> Mempool {
    let mut pool = Mempool::new(limits);
    for tx in with {
        assert_eq!(put(&mut pool, Time::ZERO, tx.clone()), Ok(vec![]));
    }
    pool
}

fn ids(of: &[Arc<Pending>]) -> Vec<Txid> {
    of.iter().map(|tx| tx.admission.txid).collect()
}

type All = BTreeMap<Txid, Arc<Pending>>;

fn all(pool: &Mempool) -> All {
    pool.iter()
        .map(|tx| (tx.admission.txid, tx.clone()))
        .collect()
}

/// Itself and all that it needs, by looking.
fn above(all: &All, of: &Txid) -> BTreeSet<Txid> {
    let mut found = BTreeSet::from([*of]);
    let mut next = vec![*of];
    while let Some(txid) = next.pop() {
        for spend in &all[&txid].admission.spends {
            if all.contains_key(&spend.txid) && found.insert(spend.txid) {
                next.push(spend.txid);
            }
        }
    }
    found
}

fn totals<'a>(all: &All, of: impl Iterator<Item = &'a Txid>) -> Totals {
    of.fold(Totals::default(), |sum, txid| {
        let tx = &all[txid].admission;
        Totals {
            count: sum.count + 1,
            size: sum.size + u64::from(tx.size),
            fee: sum.fee + tx.fee.to_sat(),
        }
    })
}

/// Everything that must hold of a pool at any time.
fn check(pool: &Mempool, limits: Limits) {
    let all = all(pool);
    assert_eq!(all.len(), pool.len());
    let families: BTreeMap<Txid, BTreeSet<Txid>> =
        all.keys().map(|txid| (*txid, above(&all, txid))).collect();
    let mut spent = BTreeSet::new();
    for (txid, tx) in &all {
        assert_eq!(
            tx.above,
            totals(&all, families[txid].iter()),
            "what it needs"
        );
        let needing = families.iter().filter(|(_, above)| above.contains(txid));
        let below = totals(&all, needing.map(|(other, _)| other));
        assert_eq!(tx.below, below, "what needs it");
        assert!(tx.above.count <= limits.chain && tx.below.count <= limits.chain);
        assert!(tx.above.size <= limits.chain_size && tx.below.size <= limits.chain_size);
        for spend in &tx.admission.spends {
            assert!(spent.insert(*spend), "spent twice");
            assert_eq!(pool.spender(spend).map(|tx| tx.admission.txid), Some(*txid));
        }
        assert!(
            pool.by_wtxid(&tx.wtxid)
                .is_some_and(|found| found.admission.txid == *txid)
        );
    }
    let size: u64 = all.values().map(|tx| u64::from(tx.admission.size)).sum();
    assert_eq!(pool.size(), size);
    assert!(size <= limits.size);
    let rates: Vec<Totals> = pool.iter().map(|tx| tx.above).collect();
    assert!(rates.is_sorted_by(|one, other| {
        u128::from(one.fee) * u128::from(other.size) >= u128::from(other.fee) * u128::from(one.size)
    }));
}

/// A template has its parents first, fits, and is as good as a search that looks at everything each time.
fn check_template(pool: &Mempool, room: u64) {
    let template = pool.template(room);
    let all = all(pool);
    let mut taken = BTreeSet::new();
    for tx in &template {
        for parent in above(&all, &tx.admission.txid) {
            assert!(parent == tx.admission.txid || taken.contains(&parent));
        }
        assert!(taken.insert(tx.admission.txid), "taken once");
    }
    let size = totals(&all, taken.iter()).size;
    assert!(size <= room);
    assert_eq!(taken, greedy(&all, room), "the same as by looking");
}

/// The best package that fits, again and again; of equal rates the smaller one, of these the one with the greater id.
fn greedy(all: &All, room: u64) -> BTreeSet<Txid> {
    let (mut taken, mut failed) = (BTreeSet::new(), BTreeSet::new());
    let mut left = room;
    loop {
        let packages = all
            .keys()
            .filter(|txid| !taken.contains(*txid) && !failed.contains(*txid));
        let best = packages
            .map(|txid| {
                let rest: BTreeSet<Txid> = above(all, txid).difference(&taken).copied().collect();
                (totals(all, rest.iter()), *txid, rest)
            })
            .max_by(|(one, a, _), (other, b, _)| {
                let (this, that) = (
                    u128::from(one.fee) * u128::from(other.size),
                    u128::from(other.fee) * u128::from(one.size),
                );
                this.cmp(&that)
                    .then(other.size.cmp(&one.size))
                    .then(a.cmp(b))
            });
        let Some((package, txid, rest)) = best else {
            return taken;
        };
        if package.size <= left {
            left -= package.size;
            taken.extend(rest);
        } else {
            failed.insert(txid);
        }
    }
}

#[derive(Clone, Debug)]
enum Deed {
    /// A transaction that spends coins of the chain and outputs of others that wait.
    Insert {
        fee: u64,
        size: u32,
        coins: Vec<u64>,
        parents: Vec<usize>,
        flags: u8,
    },
    Mine(usize),
    Conflict(u64),
    /// A block with these coins is undone, and what depended on it comes back.
    Undo(u64),
    Wait(u64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let insert = (
        0..3_000u64,
        60..1_050u32,
        prop::collection::vec(0..30u64, 0..3),
        prop::collection::vec(0..40usize, 0..3),
        any::<u8>(),
    );
    let insert = insert.prop_map(|(fee, size, coins, parents, flags)| Deed::Insert {
        fee,
        size,
        coins,
        parents,
        flags,
    });
    let deed = prop_oneof![
        12 => insert,
        1 => (1..5usize).prop_map(Deed::Mine),
        1 => (0..30u64).prop_map(Deed::Conflict),
        1 => (0..30u64).prop_map(Deed::Undo),
        1 => (1..60u64).prop_map(Deed::Wait),
    ];
    prop::collection::vec(deed, 1..80)
}

/// What spends `n`th in the pool's order, or nothing.
fn nth_output(pool: &Mempool, n: usize, vout: u32) -> Option<OutPoint> {
    let tx = pool.iter().nth(n)?;
    let txid = tx.admission.txid;
    Some(OutPoint { txid, vout })
}

proptest! {
    #[test]
    fn whatever_happens_the_sums_are_right_and_no_two_spend_the_same(deeds in deeds()) {
        let mut pool = Mempool::new(LIMITS);
        let mut now = 0;
        for (number, deed) in (1_000..).zip(deeds) {
            match deed {
                Deed::Insert { fee, size, coins, parents, flags } => {
                    let parents = parents.iter().enumerate();
                    let parents = parents.filter_map(|(vout, n)| {
                        nth_output(&pool, *n, u32::from(flags & 1) + vout as u32)
                    });
                    let spends = coins.iter().map(|coin| out(*coin, 0)).chain(parents);
                    let spends: BTreeSet<OutPoint> = spends.collect();
                    if spends.is_empty() {
                        continue;
                    }
                    let admission = Admission {
                        size,
                        replaceable: flags & 2 == 0,
                        is_frail: flags & 4 != 0,
                        ..tx(number, fee, &spends.into_iter().collect::<Vec<_>>())
                    };
                    let before = format!("{pool:?}");
                    if put(&mut pool, at(now), admission).is_err() {
                        prop_assert_eq!(before, format!("{pool:?}"), "a refusal changes nothing");
                    }
                }
                Deed::Mine(count) => {
                    let mut block = pool.template(10_000);
                    block.truncate(count);
                    let spends = block.iter();
                    let spends = spends.map(|tx| (tx.admission.txid, &tx.admission.spends[..]));
                    prop_assert!(pool.connect(spends).is_empty(), "nothing conflicts");
                }
                Deed::Conflict(coin) => {
                    let spends = [out(coin, 0)];
                    let gone = pool.connect([(txid(number), &spends[..])]);
                    let by = txid(number);
                    let is_conflict = gone.iter().all(|(_, why)| *why == Gone::Conflict { by });
                    prop_assert!(is_conflict);
                    prop_assert!(pool.spender(&spends[0]).is_none());
                }
                Deed::Undo(coin) => {
                    let out = pool.detach([txid(coin)]);
                    prop_assert!(pool.iter().all(|tx| !tx.admission.is_frail));
                    check(&pool, LIMITS);
                    for tx in out {
                        let chain = LIMITS.chain;
                        let arrival = Arrival::Returning { since: tx.since, chain };
                        let admission = tx.admission.clone();
                        let back = pool.insert(at(now), tx.bytes.clone(), tx.wtxid, admission, arrival);
                        prop_assert_eq!(back.map(|gone| gone.len()), Ok(0), "there was room before");
                    }
                }
                Deed::Wait(secs) => {
                    now += secs;
                    pool.expire(at(now));
                    prop_assert!(pool.iter().all(|tx| at(now).saturating_since(tx.since) < LIMITS.patience));
                }
            }
            check(&pool, LIMITS);
        }
        for room in [0, 500, 1_500, 10_000] {
            check_template(&pool, room);
        }
    }
}

#[test]
fn a_child_pays_for_its_parent() {
    let (poor, rich, rival) = (
        tx(1, 100, &[out(100, 0)]),
        tx(2, 1_900, &[out(1, 0)]),
        tx(3, 900, &[out(101, 0)]),
    );
    let pool = pool(LIMITS, &[poor, rich, rival]);
    assert_eq!(ids(&pool.template(1_000)), [txid(1), txid(2), txid(3)]);
    assert_eq!(ids(&pool.template(200)), [txid(1), txid(2)]);
    assert_eq!(
        ids(&pool.template(199)),
        [txid(3)],
        "the package does not fit"
    );
}

#[test]
fn the_least_fee_is_a_satoshi_a_virtual_byte() {
    let mut pool = pool(LIMITS, &[tx(1, 100, &[out(100, 0)])]);
    let (fee, least) = (sat(99), sat(100));
    let refused = put(&mut pool, at(0), tx(2, 99, &[out(101, 0)]));
    assert_eq!(refused, Err(Refusal::BelowRelayFee { fee, least }));
}

#[test]
fn the_largest_transaction_is_taken_and_one_byte_more_is_not() {
    let mut pool = Mempool::new(LIMITS);
    let sized = |n, size| Admission {
        size,
        ..tx(n, 5_000, &[out(n, 7)])
    };
    assert_eq!(put(&mut pool, at(0), sized(1, 1_000)), Ok(vec![]));
    let (size, limit) = (1_001, 1_000);
    assert_eq!(
        put(&mut pool, at(0), sized(2, 1_001)),
        Err(Refusal::TxSize { size, limit })
    );
}

#[test]
fn a_chain_has_a_limit_from_above_and_from_below() {
    let links: Vec<Admission> = (1..=5).map(|n| tx(n, 200, &[out(n - 1, 0)])).collect();
    let mut pool = pool(LIMITS, &links);
    let limit = 5;
    let too_long = Err(Refusal::TooLongChain { limit });
    assert_eq!(put(&mut pool, at(0), tx(6, 200, &[out(5, 0)])), too_long);
    assert_eq!(
        put(&mut pool, at(0), tx(6, 200, &[out(1, 1)])),
        too_long,
        "the first would be needed by too many"
    );
    assert_eq!(
        put(&mut pool, at(0), tx(6, 200, &[out(200, 0)])),
        Ok(vec![])
    );
}

#[test]
fn chains_that_come_back_may_be_longer() {
    let links: Vec<Admission> = (1..=5).map(|n| tx(n, 200, &[out(n - 1, 0)])).collect();
    let mut pool = pool(LIMITS, &links);
    let mut back = |n: u64, chain| {
        let (since, admission) = (at(0), tx(n, 0, &[out(n - 1, 0)]));
        let arrival = Arrival::Returning { since, chain };
        pool.insert(at(0), Arc::from([n as u8]), wtxid(n), admission, arrival)
            .map(|gone| gone.len())
    };
    assert_eq!(back(6, 6), Ok(0), "and no fee is asked for");
    assert_eq!(back(7, 6), Err(Refusal::TooLongChain { limit: 6 }));
}

#[test]
fn the_worst_gives_way_and_the_floor_rises_and_falls() {
    let mut pool = Mempool::new(Limits {
        size: 300,
        ..LIMITS
    });
    for n in 1..=3 {
        assert_eq!(
            put(&mut pool, at(0), tx(n, 100 * n, &[out(n, 9)])),
            Ok(vec![])
        );
    }
    let gone = put(&mut pool, at(0), tx(4, 400, &[out(4, 9)]));
    assert_eq!(gone, Ok(vec![(txid(1), Gone::Evicted)]));
    assert_eq!(
        pool.min_rate(at(0)),
        FeeRate::from_milli_sat(2_000),
        "above what was evicted"
    );
    let (fee, least) = (sat(199), sat(200));
    let refused = put(&mut pool, at(0), tx(5, 199, &[out(5, 9)]));
    assert_eq!(refused, Err(Refusal::BelowPoolFee { fee, least }));
    assert_eq!(pool.min_rate(at(9)), FeeRate::from_milli_sat(2_000));
    assert_eq!(
        pool.min_rate(at(10)),
        FeeRate::from_milli_sat(1_000),
        "half of it, and never below the least"
    );
    let full = put(&mut pool, at(10), tx(5, 150, &[out(5, 9)]));
    let rate = FeeRate::from_milli_sat(2_500);
    assert_eq!(full, Err(Refusal::Full { rate }), "it would be the worst");
}

#[test]
fn a_poor_parent_with_a_rich_child_is_not_the_worst() {
    let limits = Limits {
        size: 300,
        ..LIMITS
    };
    let (parent, child) = (tx(1, 100, &[out(9, 0)]), tx(2, 2_000, &[out(1, 0)]));
    let mut pool = pool(limits, &[parent, child, tx(3, 300, &[out(9, 1)])]);
    let gone = put(&mut pool, at(0), tx(4, 400, &[out(9, 2)]));
    assert_eq!(gone, Ok(vec![(txid(3), Gone::Evicted)]));
}

#[test]
fn a_replacement_pays_for_all_that_it_replaces_and_for_itself() {
    let before = [tx(1, 200, &[out(9, 0)]), tx(2, 300, &[out(1, 0)])];
    let mut pool = pool(LIMITS, &before);
    let (fee, least) = (sat(599), sat(600));
    let cheap = put(&mut pool, at(0), tx(3, 599, &[out(9, 0)]));
    assert_eq!(cheap, Err(Refusal::InsufficientFee { fee, least }));
    let gone = put(&mut pool, at(0), tx(3, 600, &[out(9, 0)]));
    let why = Gone::Replaced { by: txid(3) };
    assert_eq!(gone, Ok(vec![(txid(1), why), (txid(2), why)]));
    assert_eq!(pool.len(), 1);
}

#[test]
fn a_larger_replacement_at_a_lower_rate_is_refused() {
    let mut pool = pool(LIMITS, &[tx(1, 1_000, &[out(9, 0)])]);
    let large = Admission {
        size: 500,
        ..tx(2, 2_000, &[out(9, 0)])
    };
    let refused = put(&mut pool, at(0), large);
    assert!(matches!(refused, Err(Refusal::InsufficientFee { .. })));
}

#[test]
fn only_what_says_so_is_replaced() {
    let fixed = Admission {
        replaceable: false,
        ..tx(1, 200, &[out(9, 0)])
    };
    let mut pool = pool(LIMITS, &[fixed]);
    let with = txid(1);
    let refused = put(&mut pool, at(0), tx(2, 5_000, &[out(9, 0)]));
    assert_eq!(refused, Err(Refusal::Conflict { with }));
}

#[test]
fn a_replacement_needs_nothing_that_it_replaces_and_nothing_new_that_waits() {
    let before = [
        tx(1, 200, &[out(9, 0)]),
        tx(2, 200, &[out(9, 1)]),
        tx(3, 200, &[out(2, 0), out(9, 2)]),
    ];
    let mut pool = pool(LIMITS, &before);
    let refused = put(&mut pool, at(0), tx(4, 5_000, &[out(9, 0), out(1, 0)]));
    assert_eq!(refused, Err(Refusal::SpendsConflicting { txid: txid(1) }));
    let refused = put(&mut pool, at(0), tx(4, 5_000, &[out(9, 0), out(2, 1)]));
    assert_eq!(refused, Err(Refusal::AddsUnconfirmed { txid: txid(2) }));
    let gone = put(&mut pool, at(0), tx(4, 5_000, &[out(9, 2), out(2, 1)]));
    assert_eq!(
        gone,
        Ok(vec![(txid(3), Gone::Replaced { by: txid(4) })]),
        "needed before"
    );
}

#[test]
fn one_replacement_pushes_out_only_so_many() {
    let before: Vec<_> = (1..=5).map(|n| tx(n, 200, &[out(9, n as u32)])).collect();
    let mut pool = pool(LIMITS, &before);
    let spends: Vec<OutPoint> = (1..=5).map(|vout| out(9, vout)).collect();
    let limit = 4;
    let refused = put(&mut pool, at(0), tx(6, 9_000, &spends));
    assert_eq!(refused, Err(Refusal::TooManyReplaced { limit }));
    assert_eq!(
        put(&mut pool, at(0), tx(6, 9_000, &spends[1..])).map(|gone| gone.len()),
        Ok(4)
    );
}

#[test]
fn what_a_block_spends_otherwise_falls_with_all_that_needs_it() {
    let before = [
        tx(1, 200, &[out(9, 0)]),
        tx(2, 200, &[out(1, 0)]),
        tx(3, 200, &[out(9, 1)]),
    ];
    let mut pool = pool(LIMITS, &before);
    let spends = [out(9, 0)];
    let gone = pool.connect([(txid(7), &spends[..])]);
    let gone: Vec<_> = gone
        .iter()
        .map(|(tx, why)| (tx.admission.txid, *why))
        .collect();
    let by = txid(7);
    assert_eq!(
        gone,
        [
            (txid(1), Gone::Conflict { by }),
            (txid(2), Gone::Conflict { by })
        ]
    );
    assert_eq!(pool.len(), 1);
}

#[test]
fn a_confirmed_parent_leaves_its_child() {
    let before = [tx(1, 200, &[out(9, 0)]), tx(2, 200, &[out(1, 0)])];
    let mut pool = pool(LIMITS, &before);
    let spends = [out(9, 0)];
    assert!(pool.connect([(txid(1), &spends[..])]).is_empty());
    assert_eq!(pool.get(&txid(2)).map(|tx| tx.above.count), Some(1));
    check(&pool, LIMITS);
}

#[test]
fn what_waits_too_long_expires_with_all_that_needs_it() {
    let mut pool = pool(LIMITS, &[tx(1, 200, &[out(9, 0)])]);
    assert_eq!(put(&mut pool, at(50), tx(2, 200, &[out(1, 0)])), Ok(vec![]));
    assert!(pool.expire(at(99)).is_empty());
    let gone = pool.expire(at(100));
    assert!(gone.iter().all(|(_, why)| *why == Gone::Expired));
    assert_eq!((gone.len(), pool.len()), (2, 0));
}

#[test]
fn what_depends_on_an_undone_block_comes_out_parents_first() {
    let before = [
        tx(1, 200, &[out(9, 0)]),
        tx(2, 200, &[out(1, 0)]),
        tx(3, 200, &[out(8, 0)]),
    ];
    let mut pool = pool(LIMITS, &before);
    assert_eq!(ids(&pool.detach([txid(9)])), [txid(1), txid(2)]);
    assert_eq!(pool.len(), 1);
}

fn orphan(missing: u64, from: u8, since: u64, len: usize) -> Orphan {
    Orphan {
        bytes: vec![from; len].into(),
        missing: txid(missing),
        from: PeerId::from_bytes([from; 32]),
        since: at(since),
    }
}

#[test]
fn a_flood_of_orphans_pushes_out_only_its_own() {
    let mut orphans = Orphans::new(10, 1_000, Micros::from_secs(60));
    orphans.insert(wtxid(1), orphan(500, 1, 0, 50));
    for n in 2..10_000 {
        orphans.insert(wtxid(n), orphan(n, 2, 1, 60));
        assert!(orphans.len() <= 10);
    }
    assert!(orphans.contains(&wtxid(1)));
    let large = orphan(600, 3, 2, 900);
    orphans.insert(wtxid(20_000), large);
    assert!(orphans.contains(&wtxid(1)), "by bytes, too");
    assert_eq!(orphans.waiting_for(&txid(500)).len(), 1);
    assert!(orphans.waiting_for(&txid(500)).is_empty());
}

#[test]
fn orphans_are_forgotten_with_time_and_with_their_sender() {
    let mut orphans = Orphans::new(10, 1_000, Micros::from_secs(60));
    orphans.insert(wtxid(1), orphan(500, 1, 0, 50));
    orphans.insert(wtxid(2), orphan(500, 2, 30, 50));
    orphans.expire(at(59));
    assert_eq!(orphans.len(), 2);
    orphans.expire(at(60));
    assert_eq!(orphans.len(), 1);
    orphans.drop_peer(&PeerId::from_bytes([2; 32]));
    assert!(orphans.is_empty());
}
