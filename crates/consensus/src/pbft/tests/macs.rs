//! The profile with MACs: the normal case without a signature, and view changes that count claims.

use alloc::{sync::Arc, vec, vec::Vec};

use chain::{Encode as _, Seat, Signature, Tag};

use super::count;
use super::net::{Net, key, vote, with_macs};
use crate::pbft::message::{
    Batch, Decided, Digest, Kind, Message, NewView, Prepared, Request, Slot, View, Vote,
};
use crate::pbft::seals::{Ring, Seal};

/// A network with MACs of which nobody has booted yet.
fn net(members: usize, clients: usize, seed: u64) -> Net {
    Net::with(with_macs(16, 1), members, clients, seed)
}

/// A request whose MACs are good for some members alone.
fn half_genuine(net: &Net, client: usize, number: u64, good_for: &[usize]) -> Request {
    let mut request = net.request(client, number, b"half");
    let Seal::Authenticator(tags) = &request.seal else {
        panic!("these are MACs");
    };
    let tag = |(place, tag): (usize, &Tag)| match good_for.contains(&place) {
        true => *tag,
        false => Tag::from_bytes([7; Tag::LEN]),
    };
    let tags = tags.iter().enumerate().map(tag).collect();
    request.seal = Seal::Authenticator(tags);
    request
}

fn wants(prepared: &[Vote], pre_prepared: &[Vote]) -> (Vec<Prepared>, Vec<Vote>) {
    let claim = |vote: &Vote| Prepared {
        vote: *vote,
        pre_prepare: None,
        prepares: vec![],
    };
    (prepared.iter().map(claim).collect(), pre_prepared.to_vec())
}

const A: Digest = Digest([1; 32]);
const B: Digest = Digest([2; 32]);

/// What view changes for view 9 come to, by seat.
fn order(net: &Net, said: &[(Vec<Prepared>, Vec<Vote>)]) -> Option<Vec<Digest>> {
    let changes = (0..).zip(said);
    let changes: Vec<_> = changes
        .map(|(seat, said)| net.view_change(seat, 9, said.clone()))
        .collect();
    let group = net.group();
    assert!(changes.iter().all(|one| group.is_view_change(one, 32)));
    let (_, digests) = group.order(&changes)?;
    Some(digests)
}

#[test]
fn requests_reach_all_and_nobody_signs() {
    for members in [1, 2, 3, 4, 5, 7] {
        let mut net = net(members, 2, 1);
        net.boot_all();
        for round in 0..6 {
            (members..members + 2).for_each(|client| net.want(client, round));
        }
        net.finish();
        net.run_ms(500);
        net.assert_settled();
        assert_eq!((net.executed(0), net.view(0)), (12, 0));
        let signed = |seal: &Seal| matches!(seal, Seal::Signature(_));
        let signatures = count(&net, |one| match one {
            Message::Request(request) => signed(&request.seal),
            Message::PrePrepare { seal, .. }
            | Message::Prepare(_, seal)
            | Message::Commit(_, seal) => signed(seal),
            Message::Reply { tag, .. } => tag.is_none(),
            _ => false,
        });
        assert_eq!(signatures, 0);
    }
}

/// A tag is good for one reader, one sender, one kind and one statement; and a signature is none.
#[test]
fn a_seal_vouches_for_one_statement_to_one_member() {
    let net = net(4, 1, 2);
    let ring = |place: usize| net.ring(place);
    let body = vote(0, 1, A).to_vec();
    let seal = ring(0).seal(Kind::Prepare, &body);
    let holds = |ring: &Ring, me: u32, from: u32, kind, body: &[u8], seal: &Seal| {
        ring.has_sealed(Seat(me), Seat(from), kind, body, seal)
    };
    for me in 1..4 {
        assert!(holds(
            &ring(me as usize),
            me,
            0,
            Kind::Prepare,
            &body,
            &seal
        ));
    }
    let other = vote(0, 1, B).to_vec();
    let signature = Seal::Signature(ring(0).sign(Kind::Prepare, &body));
    let short = Seal::Authenticator([].into());
    assert!(
        !holds(&ring(1), 2, 0, Kind::Prepare, &body, &seal),
        "reader"
    );
    assert!(
        !holds(&ring(1), 1, 2, Kind::Prepare, &body, &seal),
        "sender"
    );
    assert!(
        !holds(&ring(0), 0, 1, Kind::Prepare, &body, &seal),
        "reflected"
    );
    assert!(!holds(&ring(1), 1, 0, Kind::Commit, &body, &seal), "kind");
    assert!(!holds(&ring(1), 1, 0, Kind::Prepare, &other, &seal), "body");
    assert!(!holds(&ring(1), 1, 0, Kind::Prepare, &body, &signature));
    assert!(!holds(&ring(1), 1, 0, Kind::Prepare, &body, &short));
    assert!(!holds(&ring(1), 1, 9, Kind::Prepare, &body, &seal));
    let signed = Net::new(4, 1, 2).ring(1);
    assert!(
        !holds(&signed, 1, 0, Kind::Prepare, &body, &seal),
        "signatures"
    );
    assert!(holds(&signed, 1, 0, Kind::Prepare, &body, &signature));
}

/// What may have been decided is chosen whatever f say, and nothing that f alone claim.
#[test]
fn a_new_view_counts_claims() {
    let net = net(4, 0, 3);
    let none = wants(&[], &[]);
    let (a, b) = (vote(2, 1, A), vote(3, 1, B));
    let said = wants(&[a], &[a]);
    // Decided in view 2: three have prepared it, of whom two at least speak.
    assert_eq!(
        order(&net, &[said.clone(), said.clone(), none.clone()]),
        Some(vec![A])
    );
    // A liar claims something later, and that it was pre-prepared.
    let lie = wants(&[b], &[b]);
    assert_eq!(
        order(&net, &[said.clone(), said.clone(), lie.clone()]),
        None,
        "unknown"
    );
    let all = [said.clone(), said.clone(), lie.clone(), said.clone()];
    assert_eq!(order(&net, &all), Some(vec![A]));
    // It claims alone: nothing was decided.
    assert_eq!(
        order(&net, &[none.clone(), none.clone(), lie.clone()]),
        None,
        "unknown"
    );
    let all = [none.clone(), none.clone(), lie.clone(), none.clone()];
    assert_eq!(order(&net, &all), Some(vec![]));
    // One has prepared, and only one more knows of it any longer.
    let knows = wants(&[], &[a]);
    assert_eq!(
        order(&net, &[said.clone(), knows.clone(), none.clone()]),
        Some(vec![A])
    );
    let forgot = wants(&[], &[vote(1, 1, A)]);
    assert_eq!(
        order(&net, &[said.clone(), forgot, none.clone()]),
        None,
        "too early"
    );
    // The later of two counts, and gaps are filled.
    let (late, far) = (vote(4, 1, B), vote(2, 3, A));
    let both = wants(&[late, far], &[a, late, far]);
    let order = order(&net, &[said, both.clone(), both]);
    assert_eq!(order, Some(vec![B, Batch::null().digest(), A]));
}

/// View changes are bounded, in order, and of this profile.
#[test]
fn view_changes_that_are_no_claims_do_not_count() {
    let net = net(4, 0, 4);
    let group = net.group();
    let is_fine = |said| group.is_view_change(&net.view_change(1, 3, said), 32);
    let a = vote(2, 1, A);
    assert!(is_fine(wants(&[a], &[a])));
    assert!(!is_fine(wants(&[a, a], &[])), "twice");
    assert!(!is_fine(wants(&[], &[a, a])), "twice");
    assert!(!is_fine(wants(&[], &[vote(2, 1, B), a])), "out of order");
    assert!(
        !is_fine(wants(&[vote(3, 1, A)], &[])),
        "of the view to come"
    );
    assert!(
        !is_fine(wants(&[], &[vote(3, 1, A)])),
        "of the view to come"
    );
    assert!(!is_fine(wants(&[], &[vote(2, 33, A)])), "beyond the window");
    assert!(!is_fine(wants(&[], &[vote(2, 0, A)])), "below it");
    let all = |slot| (0..6u8).map(move |n| vote(2, slot, Digest([n; 32])));
    let many: Vec<Vote> = (1..33).flat_map(all).collect();
    assert!(!is_fine(wants(&[], &many)), "too many");
    let (mut proven, signature) = (wants(&[a], &[]), Signature::from_bytes([1; 64]));
    proven.0[0].pre_prepare = Some(signature);
    assert!(!is_fine(proven));
    let mut proven = wants(&[a], &[]);
    proven.0[0].prepares = vec![(Seat(1), signature)];
    assert!(!is_fine(proven));
    let signed = Net::new(4, 0, 4).group();
    let claims = net.view_change(1, 3, wants(&[], &[a]));
    assert!(!signed.is_view_change(&claims, 32), "not of the other");
}

/// A primary cannot leave out what was prepared, nor begin where it takes more view changes to tell.
#[test]
fn backups_count_claims_themselves() {
    let mut net = net(4, 0, 5);
    net.boot(2);
    let a = vote(0, 1, A);
    let new_view = |said: [(Vec<Prepared>, Vec<Vote>); 3], digests: &[Digest]| {
        let changes = [0, 1, 3].into_iter().zip(said);
        let changes = changes.map(|(seat, said)| net.view_change(seat, 1, said));
        let new_view = net.new_view(1, changes.collect(), digests);
        Message::NewView(new_view.into())
    };
    let (said, none) = (wants(&[a], &[a]), wants(&[], &[]));
    let claims = || [said.clone(), said.clone(), none.clone()];
    let mut signed = new_view(claims(), &[A]);
    if let Message::NewView(one) = &mut signed {
        let mut other = NewView::clone(one);
        other.pre_prepares[0].1 = Some(Signature::from_bytes([1; 64]));
        other.signature = net.group().sign(&key(1), Kind::NewView, &other.statement());
        *one = other.into();
    }
    let open = [said.clone(), none.clone(), none.clone()];
    let wrong = [
        new_view(claims(), &[]),
        new_view(claims(), &[B]),
        new_view(open.clone(), &[]),
        new_view(open, &[A]),
        signed,
    ];
    let right = new_view(claims(), &[A]);
    for wrong in wrong {
        net.tell(1, 2, &wrong);
        assert_eq!(net.view(2), 0, "{wrong:?}");
    }
    net.tell(1, 2, &right);
    assert_eq!(net.view(2), 1);
}

/// A client that lies can make MACs that only some believe. If two do, all do; if one does, it costs a
/// view, and nobody else's request is lost.
#[test]
fn a_client_whose_macs_are_half_good_stops_nobody_else() {
    for good_for in [&[0][..], &[0, 1]] {
        let mut net = net(4, 2, 6);
        (0..5).for_each(|place| net.boot(place));
        net.unclaimed(); // that the other client asks is not seen
        let request = half_genuine(&net, 5, 1, good_for);
        net.tell(5, 0, &Message::Request(request));
        net.submit(4, "genuine");
        net.finish();
        net.run_ms(2000);
        net.assert_settled();
        let views = u64::from(good_for.len() == 1);
        assert_eq!(net.view(1), views);
    }
}

/// f members that say what was decided are not believed, and f + 1 are.
#[test]
fn what_is_decided_takes_the_word_of_a_correct_member() {
    let mut net = net(4, 1, 7);
    net.unclaimed(); // the members that speak are not seen deciding
    net.boot(3);
    let batch = net.batch(0, vec![net.request(4, 1, b"one")]);
    let says = |batch: &Arc<Batch>| {
        let (view, slot, commits, batch) = (View(0), Slot(1), vec![], batch.clone());
        Message::Decided(Arc::new(Decided {
            view,
            slot,
            commits,
            batch,
        }))
    };
    let lie = net.batch(0, vec![net.request(4, 1, b"lie")]);
    net.tell(0, 3, &says(&lie));
    net.tell(0, 3, &says(&lie));
    net.tell(1, 3, &says(&batch));
    assert_eq!(net.executed(3), 0);
    net.tell(2, 3, &says(&batch));
    assert_eq!(
        net.decided(3, 1).map(|one| one.batch.digest()),
        Some(batch.digest())
    );
}

/// A replica that was away for several windows takes the word of f + 1 of the others, one of whom lies.
#[test]
fn a_replica_that_is_far_behind_catches_up() {
    let mut net = Net::with(with_macs(4, 1), 4, 1, 8);
    net.boot_all();
    net.isolate(&[3]);
    (0..30).for_each(|round| net.want(4, round));
    net.finish();
    net.cut.clear();
    net.lose(|from, _, message| from == 1 && matches!(message, Message::Decided(_)));
    net.run_ms(5000);
    assert_eq!((net.executed(3), net.installed), (30, 1));
    net.assert_settled();
}

/// A batch that was prepared at one replica alone is neither lost nor in the way, though others put
/// something else there in the meantime: they remember that the claim may be true.
#[test]
fn a_lonely_certificate_finds_others_who_know_of_it() {
    let mut net = net(4, 2, 9);
    net.boot_all();
    // 3 alone prepares the first request, and is cut off. The others put another one there in view 1, and
    // nobody prepares it.
    net.lose(|_, to, message| match message {
        Message::Prepare(vote, _) => vote.view == View(1) || vote.view == View(0) && to != 3,
        Message::Commit(vote, _) => vote.view == View(0),
        _ => false,
    });
    net.submit(4, "first");
    net.run_ms(50);
    net.isolate(&[3]);
    net.submit(5, "second");
    net.run_until("view 1", |net| (0..3).all(|place| net.view(place) == 1));
    net.run_ms(100);
    net.crash(0);
    net.cut.clear();
    net.filter = None;
    net.finish();
    net.boot(0);
    net.run_ms(3000);
    net.assert_settled();
}
