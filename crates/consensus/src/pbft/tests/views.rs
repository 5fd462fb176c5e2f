//! View changes: what may have been decided stays, what cannot have been is replaced.

use alloc::{vec, vec::Vec};

use chain::{Seat, Signature};

use super::net::{Net, key, vote};
use crate::pbft::message::{Batch, Digest, Kind, Message, Prepared, Slot, Stable, View};
use crate::pbft::saved::batch_of;

/// A prepared certificate that is really signed.
fn prepared(net: &Net, view: u64, slot: u64, digest: Digest) -> Prepared {
    use chain::Encode as _;
    let (group, vote) = (net.group(), vote(view, slot, digest));
    let sign = |seat: Seat, kind| group.sign(&key(seat.0 as usize), kind, &vote.to_vec());
    let primary = group.primary(vote.view);
    let others = group
        .seats()
        .filter(|seat| *seat != primary)
        .take(group.quorum() - 1);
    Prepared {
        vote,
        pre_prepare: Some(sign(primary, Kind::PrePrepare)),
        prepares: others
            .map(|seat| (seat, sign(seat, Kind::Prepare)))
            .collect(),
    }
}

const A: Digest = Digest([1; 32]);
const B: Digest = Digest([2; 32]);

/// Of two certificates for a slot, that of the higher view counts; gaps become null requests.
#[test]
fn a_new_view_takes_the_highest_view_and_fills_gaps() {
    let net = Net::new(4, 0, 1);
    let early = vec![prepared(&net, 0, 2, A), prepared(&net, 0, 5, A)];
    let late = vec![prepared(&net, 2, 2, B)];
    let null = Batch::null().digest();
    for changes in [[early.clone(), late.clone()], [late, early]] {
        let changes: Vec<_> = (0..)
            .zip(changes)
            .map(|(seat, one)| net.view_change(seat, 3, (one, vec![])))
            .collect();
        let (start, digests) = net.group().order(&changes).expect("certificates tell");
        assert_eq!(start, &Stable::GENESIS);
        assert_eq!(digests, [null, B, null, null, A]);
    }
}

/// What does not follow from the view changes is no new view, whoever signs it.
#[test]
fn backups_compute_a_new_view_themselves() {
    let mut net = Net::new(4, 0, 2);
    net.boot(2);
    let null = Batch::null().digest();
    let changes = || -> Vec<_> {
        let certificates = || vec![prepared(&net, 0, 2, A)];
        (0..3)
            .map(|seat| net.view_change(seat, 1, (certificates(), vec![])))
            .collect()
    };
    let wrong = [
        net.new_view(1, changes(), &[null]), // drops what was prepared
        net.new_view(1, changes(), &[null, A, B]), // adds something
        net.new_view(1, changes(), &[A, A]), // puts something into the gap
        net.new_view(1, changes()[..2].to_vec(), &[null, A]), // no quorum
        net.new_view(1, [&changes()[..2], &changes()[..1]].concat(), &[null, A]), // one comes twice
        net.new_view(2, changes(), &[null, A]), // of another view
    ];
    let right = net.new_view(1, changes(), &[null, A]);
    for wrong in wrong {
        net.tell(1, 2, &Message::NewView(wrong.into()));
        assert_eq!(net.view(2), 0);
    }
    let mut unsigned = right.clone();
    unsigned.signature = Signature::from_bytes([9; 64]);
    net.tell(1, 2, &Message::NewView(unsigned.into()));
    assert_eq!(net.view(2), 0);
    net.tell(3, 2, &Message::NewView(right.into()));
    assert_eq!(net.view(2), 1, "whoever passes it on");
}

/// Certificates with too few, doubled or foreign signatures are none; nor are those beyond the window, or
/// of the view that is to come.
#[test]
fn view_changes_that_prove_nothing_do_not_count() {
    let net = Net::new(4, 0, 3);
    let group = net.group();
    let fine = prepared(&net, 0, 2, A);
    let is_fine =
        |one: Prepared| group.is_view_change(&net.view_change(1, 1, (vec![one], vec![])), 32);
    assert!(is_fine(fine.clone()));
    let forge = |forge: fn(&mut Prepared)| {
        let mut one = fine.clone();
        forge(&mut one);
        one
    };
    assert!(!is_fine(forge(|one| one.prepares.truncate(1))));
    assert!(!is_fine(forge(|one| one.prepares[1] = one.prepares[0])));
    assert!(!is_fine(forge(|one| one.prepares[0].0 = Seat(0))));
    assert!(!is_fine(forge(|one| one.prepares[0].0 = Seat(77))));
    assert!(!is_fine(forge(|one| one.vote.digest = B)));
    assert!(!is_fine(forge(
        |one| one.pre_prepare = Some(one.prepares[0].1)
    )));
    assert!(!is_fine(forge(|one| one.pre_prepare = None)));
    assert!(!is_fine(forge(|one| {
        one.pre_prepare = None;
        one.prepares.clear();
    })));
    assert!(!is_fine(prepared(&net, 0, 33, A)));
    assert!(!is_fine(prepared(&net, 1, 2, A)));
    assert!(!group.is_view_change(
        &net.view_change(1, 1, (vec![fine.clone(), fine], vec![])),
        32
    ));
}

/// f of them could be liars; f + 1 cannot all be.
#[test]
fn one_view_change_moves_nobody_and_two_move_all() {
    let mut net = Net::new(4, 0, 4);
    net.boot(2);
    let early = net.view_change(0, 5, (vec![], vec![]));
    net.tell(0, 2, &Message::ViewChange(early));
    assert_eq!(net.view(2), 0);
    let other = net.view_change(1, 9, (vec![], vec![]));
    net.tell(0, 2, &Message::ViewChange(other.clone()));
    assert_eq!(net.view(2), 0, "in another's name");
    net.tell(1, 2, &Message::ViewChange(other));
    assert_eq!(net.view(2), 5, "the earliest of theirs");
    let last = net.view_change(0, u64::MAX, (vec![], vec![]));
    net.tell(0, 2, &Message::ViewChange(last));
    net.run_ms(20_000);
    assert!(net.view(2) < 12);
}

/// The primary dies when all have prepared and none has committed: what it proposed is decided in the
/// next view, as it was.
#[test]
fn what_was_prepared_survives_the_primary() {
    let mut net = Net::up(4, 1, 5);
    net.lose(|_, _, message| matches!(message, Message::Commit(..)));
    net.submit(4, "kept");
    net.run_ms(100);
    assert!(net.members().all(|place| net.decided(place, 1).is_none()));
    net.crash(0);
    net.filter = None;
    net.lose(|_, _, message| matches!(message, Message::Commit(vote, _) if vote.view == View(0)));
    net.finish();
    let decided = net.decided(1, 1).expect("decided");
    assert_eq!((decided.view, decided.batch.proposer), (View(1), Seat(0)));
    net.boot(0);
    net.run_ms(2000);
    net.assert_settled();
}

/// A slot that only the old primary knows of becomes a null request, and those after it stay.
#[test]
fn a_gap_becomes_a_null_request() {
    let mut net = Net::up(4, 3, 6);
    net.lose(|_, _, message| {
        matches!(
            message,
            Message::PrePrepare {
                slot: Slot(2),
                view: View(0),
                ..
            }
        )
    });
    (4..7).for_each(|client| net.want(client, 0));
    net.run_ms(100);
    assert!(net.decided(1, 3).is_some() && net.executed(1) == 1);
    net.crash(0);
    net.finish();
    let gap = net.decided(1, 2).expect("decided");
    assert_eq!(*gap.batch, Batch::null());
    assert_eq!(net.executed(1), 4, "the request of the gap comes last");
    net.boot(0);
    net.run_ms(2000);
    net.assert_settled();
}

/// A backup that lacks a batch which the new view only names asks for it.
#[test]
fn a_batch_that_only_others_have_is_fetched() {
    let mut net = Net::up(4, 1, 7);
    // 3 never sees the batch, and 0, 1 and 2 prepare it without deciding.
    net.lose(|_, to, message| match message {
        Message::PrePrepare { .. } => to == 3,
        Message::Commit(vote, _) => vote.view == View(0),
        Message::Decided(_) => true,
        _ => false,
    });
    net.submit(4, "fetched");
    net.run_ms(100);
    net.crash(0);
    net.finish();
    net.filter = None;
    net.run_ms(1000);
    assert!(
        net.said
            .iter()
            .any(|(_, to, one)| *to == 3 && matches!(one, Message::Batch { .. }))
    );
    assert_eq!(net.executed(3), 1);
}

/// A replica that crashes while views change finds its way back, and says the same again.
#[test]
fn a_view_change_outlives_a_restart() {
    let mut net = Net::up(4, 1, 8);
    net.isolate(&[0]);
    net.lose(|_, _, message| matches!(message, Message::NewView(_)));
    net.submit(4, "later");
    net.run_until("the view changes", |net| {
        (1..4).all(|place| net.view(place) == 1)
    });
    for place in 1..4 {
        net.crash(place);
        net.boot(place);
        assert_eq!(net.view(place), 1, "promised");
    }
    net.filter = None;
    net.finish();
    net.cut.clear();
    net.run_ms(2000);
    net.assert_settled();
}

/// A loss of power may take a write and leave later ones: a certificate without its batch, and votes of
/// a view whose beginning is gone, bind nobody and stop nobody.
#[test]
fn what_rests_on_a_write_that_is_gone_is_dropped() {
    let mut net = Net::up(4, 1, 9);
    net.unclaimed(); // that disks forget is not shown to them
    net.lose(|_, _, message| matches!(message, Message::Commit(..)));
    net.submit(4, "one");
    net.run_ms(100);
    net.crash(3);
    net.nodes[3]
        .disk
        .retain(|name, _| !name.starts_with(b"batch/"));
    net.filter = None;
    net.boot(3);
    assert!(
        net.nodes[3]
            .disk
            .keys()
            .all(|name| !name.starts_with(b"prepared/"))
    );
    net.finish();
    net.crash(0);
    net.submit(4, "two");
    net.finish();
    assert_eq!(net.view(2), 1);
    net.crash(2);
    net.nodes[2].disk.remove(&b"new-view"[..]);
    net.nodes[2].disk.remove(&b"view-change"[..]);
    net.boot(2);
    assert_eq!(net.view(2), 1, "it had accepted something there");
    net.boot(0);
    net.submit(4, "three");
    net.finish();
    net.run_ms(2000);
    net.assert_settled();
}

/// What one view proposes and nobody prepares is kept no longer than until the next one puts something
/// else there: primaries could otherwise fill disks, a batch a view.
#[test]
fn a_proposal_that_came_to_nothing_is_forgotten() {
    let mut net = Net::new(4, 1, 10);
    net.boot(3);
    for view in 0..3 {
        let primary = view as usize;
        if view > 0 {
            let changes = (0..3).map(|seat| net.view_change(seat, view, (vec![], vec![])));
            let begins = net.new_view(view, changes.collect(), &[]);
            net.tell(primary, 3, &Message::NewView(begins.into()));
        }
        let request = net.request(4, 1, &[primary as u8]);
        let batch = net.batch(primary, vec![request]);
        net.tell(primary, 3, &net.pre_prepare(primary, view, 1, &batch));
        let kept = net.nodes[3].disk.keys();
        let kept: Vec<_> = kept.filter_map(|name| batch_of(name)).collect();
        assert_eq!(kept, [(Slot(1), batch.digest())]);
    }
}
