//! Each claim finds a forged violation, and says nothing while all is well.

use alloc::{boxed::Box, string::String, sync::Arc, vec, vec::Vec};

use chain::{Encode, Seat, Signature, Time};
use protocol::{AskId, Body, Claim, Kin, Output, Proposal, Wish};

use super::*;
use crate::pbft::message::{
    Batch, Checkpoint, Decided, Digest, Message, NewView, Prepared, Request, Slot, Stable,
    ViewChange, Vote,
};
use crate::pbft::saved::{
    Accepted, CUT, NEW_VIEW, STABLE, Shelf, VIEW_CHANGE, batch_name, forget, forget_decided,
};
use crate::pbft::seals::Seal;
use crate::testing::claims::{self, Step, die, lie, peer, save, say};
use crate::testing::host::output;

const SIGNED: Signature = Signature::from_bytes([0; 64]);
const SEAL: Seal = Seal::Signature(SIGNED);

/// Four members, of whom one may be faulty; seats from 4 on are clients.
fn members() -> Members {
    Members((0..4).map(peer).collect())
}

/// An observer of them, with a log of eight slots.
fn watch() -> Shared<Observer> {
    Shared::new(Observer::new(&members(), 8))
}

fn request(number: u64, tx: &[u8]) -> Request {
    Request {
        wish: protocol::Request {
            client: peer(4),
            number,
            tx: tx.into(),
        },
        key: [0; 32],
        seal: SEAL,
    }
}

/// A batch of one request.
fn batch(tx: &[u8]) -> Arc<Batch> {
    Arc::new(Batch {
        time: Time(0),
        proposer: Seat(0),
        requests: vec![request(1, tx)],
    })
}

fn vote(view: u64, slot: u64, tx: &[u8]) -> Vote {
    Vote {
        view: View(view),
        slot: Slot(slot),
        digest: batch(tx).digest(),
    }
}

fn put(name: &[u8], value: &impl Encode) -> Output {
    claims::put(name, value.to_vec())
}

fn decide(view: u64, slot: u64, tx: &[u8]) -> Output {
    let decided = Decided {
        view: View(view),
        slot: Slot(slot),
        commits: vec![],
        batch: batch(tx),
    };
    put(&Shelf::Decided.name(Slot(slot)), &decided)
}

fn accept(vote: Vote) -> Output {
    let signature = Some(SIGNED);
    put(
        &Shelf::Accepted.name(vote.slot),
        &Accepted { vote, signature },
    )
}

fn hold(slot: u64, tx: &[u8]) -> Output {
    put(&batch_name(Slot(slot), batch(tx).digest()), &*batch(tx))
}

fn prepared(vote: Vote) -> Output {
    let prepared = Prepared {
        vote,
        pre_prepare: Some(SIGNED),
        prepares: vec![],
    };
    put(&Shelf::Prepared.name(vote.slot), &prepared)
}

/// A state stands for all up to a slot.
fn cut(slot: u64) -> Output {
    claims::put(CUT, slot.to_le_bytes().to_vec())
}

fn stable(slot: u64, digest: u8) -> Stable {
    let (slot, digest) = (Slot(slot), Digest([digest; 32]));
    Stable {
        checkpoint: Checkpoint { slot, digest },
        signatures: vec![],
    }
}

fn view_change(view: u64, slot: u64) -> ViewChange {
    ViewChange {
        view: View(view),
        seat: Seat(1),
        stable: stable(slot, 0),
        prepared: vec![],
        pre_prepared: vec![],
        signature: SIGNED,
    }
}

/// A new view that begins after a slot with these batches.
fn new_view(view: u64, slot: u64, txs: &[&[u8]]) -> NewView {
    let pre_prepares = txs.iter().map(|tx| (batch(tx).digest(), Some(SIGNED)));
    NewView {
        view: View(view),
        changes: vec![Arc::new(view_change(view, slot))],
        pre_prepares: pre_prepares.collect(),
        signature: SIGNED,
    }
}

fn pre_prepare(view: u64, slot: u64, tx: &[u8]) -> Message {
    Message::PrePrepare {
        view: View(view),
        slot: Slot(slot),
        batch: batch(tx),
        seal: SEAL,
    }
}

fn prepare(view: u64, slot: u64, tx: &[u8]) -> Message {
    Message::Prepare(vote(view, slot, tx), SEAL)
}

fn commit(view: u64, slot: u64, tx: &[u8]) -> Message {
    Message::Commit(vote(view, slot, tx), SEAL)
}

fn checkpoint(slot: u64, digest: u8) -> Message {
    Message::Checkpoint(stable(slot, digest).checkpoint, SIGNED)
}

fn execute(slot: u64, proposal: Proposal) -> Output {
    Output::Executed {
        slot,
        proposal: Arc::new(proposal),
        block: None,
        receipts: Arc::new([]),
    }
}

/// Steps in which nobody looks at the machines.
fn unseen(steps: &[(u8, Vec<Output>)]) -> Vec<Step> {
    let steps = steps.iter().cloned();
    steps.map(|(seat, out)| (seat, out, None)).collect()
}

fn show(claim: &mut dyn Claim, seat: u8, out: &[Output]) -> Result<(), String> {
    claims::show(claim, seat, out, None)
}

#[track_caller]
fn fine(claim: &mut dyn Claim, steps: &[(u8, Vec<Output>)]) {
    claims::fine(claim, &unseen(steps));
}

#[track_caller]
fn finds(claim: Box<dyn Claim>, steps: &[(u8, Vec<Output>)]) {
    claims::finds(claim, &unseen(steps));
}

#[test]
fn two_batches_in_a_slot() {
    let claim = || watch().claim(Agreement::default());
    let first = (
        0,
        vec![decide(0, 1, b"a"), execute(1, batch(b"a").proposal())],
    );
    let same = (1, vec![execute(1, batch(b"a").proposal())]);
    finds(
        claim(),
        &[first.clone(), same.clone(), (2, vec![decide(3, 1, b"b")])],
    );
    finds(
        claim(),
        &[first.clone(), (1, vec![execute(1, batch(b"b").proposal())])],
    );
    let mut dated = batch(b"a").proposal();
    dated.time = Time(1);
    finds(claim(), &[first, same, (3, vec![execute(1, dated)])]);
}

#[test]
fn a_decision_that_too_few_have_prepared() {
    let claim = || watch().claim(CommittedIsPrepared::default());
    let prepares = |seat: u8, tx: &[u8]| (seat, vec![prepared(vote(0, 1, tx))]);
    let decides = |seat| (seat, vec![decide(0, 1, b"a")]);
    finds(claim(), &[prepares(0, b"a"), prepares(1, b"b"), decides(0)]);
    finds(claim(), &[prepares(0, b"a"), prepares(0, b"a"), decides(2)]);
    fine(
        &mut *claim(),
        &[prepares(0, b"a"), prepares(1, b"a"), decides(2)],
    );
}

#[test]
fn a_later_view_that_forgets_a_decision() {
    let claim = || watch().claim(CertificatesSurvive::default());
    let decided = (0, vec![decide(0, 2, b"a")]);
    let begins = |view, slot, txs: &[&[u8]]| {
        (
            1,
            vec![say(0, &Message::NewView(new_view(view, slot, txs).into()))],
        )
    };
    finds(claim(), &[decided.clone(), begins(1, 0, &[b"x", b"b"])]);
    finds(claim(), &[decided.clone(), begins(1, 0, &[b"x"])]);
    finds(
        claim(),
        &[decided.clone(), (1, vec![say(0, &pre_prepare(1, 2, b"b"))])],
    );
    // It may become known after the view has begun.
    finds(claim(), &[begins(1, 0, &[b"x", b"b"]), decided.clone()]);
    fine(
        &mut *claim(),
        &[
            decided.clone(),
            begins(1, 0, &[b"x", b"a"]),
            begins(2, 2, &[]),
        ],
    );
    // A view that is older than the decision may have proposed anything.
    fine(
        &mut *claim(),
        &[begins(1, 0, &[b"x", b"b"]), (0, vec![decide(2, 2, b"a")])],
    );
}

#[test]
fn a_stable_checkpoint_that_no_quorum_took() {
    let claim = || watch().claim(StableHasQuorum::default());
    let says = |seat, digest| (seat, vec![say(3, &checkpoint(4, digest))]);
    let takes = (3, vec![put(STABLE, &stable(4, 1))]);
    finds(
        claim(),
        &[says(0, 1), says(1, 1), says(1, 1), takes.clone()],
    );
    finds(
        claim(),
        &[says(0, 1), says(1, 1), says(2, 2), takes.clone()],
    );
    fine(&mut *claim(), &[says(0, 1), says(1, 1), says(2, 1), takes]);
}

#[test]
fn two_statements_where_one_is_allowed() {
    let claim = || watch().claim(OneStatement::default());
    let says = |seat, message: &Message| (seat, vec![say(2, message)]);
    for phase in [pre_prepare, prepare, commit] {
        let seat = 1; // the primary of view 1
        let first = says(seat, &phase(1, 1, b"a"));
        fine(
            &mut *claim(),
            &[first.clone(), first.clone(), says(seat, &phase(1, 2, b"b"))],
        );
        finds(claim(), &[first.clone(), says(seat, &phase(1, 1, b"b"))]);
        finds(claim(), &[first, says(3, &pre_prepare(1, 1, b"a"))]);
    }
    finds(
        claim(),
        &[says(0, &checkpoint(4, 1)), says(0, &checkpoint(4, 2))],
    );
    let leaves = |view, slot| Message::ViewChange(view_change(view, slot).into());
    finds(
        claim(),
        &[
            says(1, &leaves(1, 0)),
            says(1, &leaves(2, 0)),
            says(1, &leaves(1, 4)),
        ],
    );
    let begins = |txs: &[&[u8]]| Message::NewView(new_view(1, 0, txs).into());
    finds(
        claim(),
        &[says(1, &begins(&[b"a"])), says(3, &begins(&[b"b"]))],
    );
    // A new view pre-prepares.
    finds(
        claim(),
        &[says(1, &begins(&[b"a"])), says(1, &pre_prepare(1, 1, b"b"))],
    );
}

#[test]
fn what_is_said_before_it_is_durable() {
    let claim = || watch().claim(PromisesAreDurable);
    let says = |seat, message: &Message| (seat, vec![say(2, message)]);
    let ready = |seat| (seat, vec![accept(vote(0, 1, b"a")), hold(1, b"a")]);
    finds(claim(), &[says(0, &pre_prepare(0, 1, b"a"))]);
    finds(claim(), &[ready(1), says(1, &prepare(0, 1, b"b"))]);
    finds(
        claim(),
        &[
            (1, vec![accept(vote(0, 1, b"a"))]),
            says(1, &prepare(0, 1, b"a")),
        ],
    );
    finds(
        claim(),
        &[
            ready(1),
            says(1, &prepare(0, 1, b"a")),
            says(1, &commit(0, 1, b"a")),
        ],
    );
    finds(
        claim(),
        &[
            ready(0),
            says(0, &pre_prepare(0, 1, b"a")),
            says(0, &prepare(0, 1, b"a")),
        ],
    );
    let decides = |slots: core::ops::Range<u64>| {
        let decided = slots.map(|slot| decide(0, slot, b"a"));
        (1, decided.collect::<Vec<_>>())
    };
    finds(claim(), &[decides(1..3), says(1, &checkpoint(2, 1))]);
    let state = (1, vec![cut(2)]);
    fine(
        &mut *claim(),
        &[decides(1..3), state, says(1, &checkpoint(2, 1))],
    );
    finds(
        claim(),
        &[says(1, &Message::ViewChange(view_change(1, 0).into()))],
    );
    finds(
        claim(),
        &[says(1, &Message::NewView(new_view(1, 0, &[]).into()))],
    );
    let later = (
        1,
        vec![prepared(vote(0, 1, b"a")), say(2, &commit(0, 1, b"a"))],
    );
    fine(
        &mut *claim(),
        &[ready(1), says(1, &prepare(0, 1, b"a")), later],
    );
}

/// A state stands for what is decided here or proven, and nothing goes before one stands for it.
#[test]
fn what_was_decided_is_not_dropped_before_a_state_stands_for_it() {
    let claim = || watch().claim(PromisesAreDurable);
    let does = |output: Output| (1, vec![output]);
    let forgets = |slot| does(save(vec![forget_decided(Slot(slot))]));
    let decides = (1, vec![decide(0, 1, b"a"), decide(0, 2, b"b")]);
    finds(claim(), &[does(decide(0, 2, b"b")), does(cut(2))]);
    finds(claim(), &[decides.clone(), forgets(1)]);
    finds(claim(), &[decides.clone(), does(cut(1)), forgets(2)]);
    finds(claim(), &[decides.clone(), does(cut(2)), does(cut(1))]);
    fine(&mut *claim(), &[decides, does(cut(2)), forgets(2)]);
    let proven = does(put(STABLE, &stable(4, 1)));
    fine(&mut *claim(), &[proven, does(cut(4)), forgets(4)]);
}

#[test]
fn what_is_said_in_a_view_that_was_left_or_beyond_the_water_marks() {
    let claim = || watch().claim(PromisesAreDurable);
    let says = |message: &Message| (1, vec![say(2, message)]);
    let far = (1, vec![accept(vote(0, 9, b"a")), hold(9, b"a")]);
    finds(claim(), &[far, says(&prepare(0, 9, b"a"))]);
    let ready = (1, vec![accept(vote(0, 1, b"a")), hold(1, b"a")]);
    let leaves = (1, vec![put(VIEW_CHANGE, &view_change(1, 0))]);
    finds(
        claim(),
        &[ready.clone(), leaves, says(&prepare(0, 1, b"a"))],
    );
    let keeps = forget(Slot(4));
    let forgets = (1, vec![put(STABLE, &stable(4, 1)), save(keeps)]);
    finds(claim(), &[ready, forgets, says(&prepare(0, 1, b"a"))]);
}

#[test]
fn promises_that_are_taken_back() {
    let claim = || watch().claim(PromisesAreDurable);
    let saves = |output: Output| (1, vec![output]);
    let leaves = |view| saves(put(VIEW_CHANGE, &view_change(view, 0)));
    let begins = |view| saves(put(NEW_VIEW, &new_view(view, 0, &[])));
    finds(claim(), &[leaves(2), leaves(1)]);
    finds(claim(), &[leaves(2), begins(1)]);
    finds(claim(), &[begins(2), leaves(2)]);
    fine(&mut *claim(), &[leaves(2), begins(2), leaves(3)]);
    finds(
        claim(),
        &[
            saves(accept(vote(0, 1, b"a"))),
            saves(accept(vote(0, 1, b"b"))),
        ],
    );
    finds(
        claim(),
        &[
            saves(accept(vote(1, 1, b"a"))),
            saves(accept(vote(0, 1, b"a"))),
        ],
    );
    let takes = |slot| saves(put(STABLE, &stable(slot, 1)));
    finds(claim(), &[takes(8), takes(4)]);
}

#[test]
fn a_request_that_nobody_made() {
    let claim = || watch().claim(AskedFor::default());
    let asks = |seat, tx: &[u8]| (seat, vec![say(0, &Message::Request(request(1, tx)))]);
    let does = |tx: &[u8]| (2, vec![execute(1, batch(tx).proposal())]);
    finds(claim(), &[does(b"a")]);
    finds(claim(), &[asks(4, b"a"), does(b"b")]);
    finds(claim(), &[asks(1, b"a"), does(b"a")]); // passed on, but never made
    fine(&mut *claim(), &[asks(4, b"a"), does(b"a")]);
    let nothing = Proposal {
        time: Time(0),
        proposer: Seat(0),
        body: Body::Noop,
    };
    fine(&mut *claim(), &[(2, vec![execute(1, nothing)])]);
}

#[test]
fn a_client_that_believes_too_few() {
    let claim = || watch().claim(MatchingReplies::default());
    let asks = |number| (4, vec![say(0, &Message::Request(request(number, b"a")))]);
    let reply = |seat, number, receipt: &[u8]| {
        let (view, receipt) = (View(0), receipt.into());
        let reply = Message::Reply {
            view,
            number,
            receipt,
            tag: None,
        };
        (seat, vec![say(4, &reply)])
    };
    let answer = Wish::Answer {
        ask: AskId(1),
        receipt: Some(b"r".as_slice().into()),
    };
    let believes = (4, vec![output(answer)]);
    let one = reply(0, 1, b"r");
    finds(
        claim(),
        &[asks(1), one.clone(), one.clone(), believes.clone()],
    );
    finds(
        claim(),
        &[asks(1), one.clone(), reply(1, 1, b"s"), believes.clone()],
    );
    finds(
        claim(),
        &[asks(1), one.clone(), reply(1, 2, b"r"), believes.clone()],
    );
    finds(
        claim(),
        &[
            asks(1),
            one.clone(),
            reply(1, 1, b"r"),
            asks(2),
            believes.clone(),
        ],
    );
    fine(&mut *claim(), &[asks(1), one, reply(1, 1, b"r"), believes]);
}

/// All that a liar has said may be why others do what they do; nothing is asked of itself.
#[test]
fn what_liars_say_counts_and_is_not_judged() {
    let stable_at = |said: &[(u8, u8)]| {
        let mut claim = watch().claim(StableHasQuorum::default());
        fine(&mut *claim, &[(0, vec![say(3, &checkpoint(4, 1))])]);
        for (seat, digest) in said {
            lie(&mut *claim, *seat, &[say(3, &checkpoint(4, *digest))]);
        }
        show(&mut *claim, 3, &[put(STABLE, &stable(4, 1))])
    };
    assert_eq!(stable_at(&[(1, 1), (2, 1), (2, 2)]), Ok(()));
    stable_at(&[(1, 1), (2, 2)]).expect_err("two of four");

    let mut claim = watch().claim(OneStatement::default());
    for tx in [b"a", b"b"] {
        lie(&mut *claim, 1, &[say(2, &pre_prepare(1, 1, tx))]);
        let begins = Message::NewView(new_view(1, 0, &[tx]).into());
        fine(&mut *claim, &[(3, vec![say(2, &begins)])]); // passed on
    }

    let mut claim = watch().claim(CommittedIsPrepared::default());
    fine(&mut *claim, &[(0, vec![prepared(vote(0, 1, b"a"))])]);
    let mut without = claim.fork(&mut Kin::default());
    lie(&mut *claim, 1, &[prepared(vote(0, 1, b"a"))]);
    fine(&mut *claim, &[(0, vec![decide(0, 1, b"a")])]);
    show(&mut *without, 0, &[decide(0, 1, b"a")]).expect_err("it alone");
}

#[test]
fn a_quorum_is_counted_independently() {
    for n in 1..40 {
        let members = Members((0..n).map(peer).collect());
        assert_eq!(members.quorum(), crate::pbft::group::quorum(usize::from(n)));
        assert_eq!(members.faults(), crate::pbft::group::faults(usize::from(n)));
    }
}

#[test]
fn power_may_take_what_was_not_promised_and_nothing_else() {
    let accepts = |tx: &[u8]| vec![accept(vote(0, 1, tx)), hold(1, tx)];
    let says = |tx: &[u8]| (1, vec![say(2, &prepare(0, 1, tx))]);
    let mut claim = watch().claim(PromisesAreDurable);
    fine(&mut *claim, &[(1, accepts(b"a")), says(b"a")]);
    assert_eq!(die(&mut *claim, 1, &[]), Ok(()));
    assert!(show(&mut *claim, 1, &says(b"a").1).is_err(), "that is lost");
    fine(&mut *claim, &[(1, accepts(b"b")), says(b"b")]);

    let claim = || watch().claim(OneStatement::default());
    let mut kept = claim();
    fine(&mut *kept, &[says(b"a")]);
    assert_eq!(die(&mut *kept, 1, &accepts(b"a")), Ok(()));
    assert!(show(&mut *kept, 1, &says(b"b").1).is_err(), "it was said");
    let mut lost = claim();
    fine(&mut *lost, &[says(b"a")]);
    assert_eq!(die(&mut *lost, 1, &[]), Ok(()));
    fine(&mut *lost, &[says(b"b")]); // the first never left
}
