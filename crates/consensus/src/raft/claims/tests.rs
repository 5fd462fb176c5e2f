//! Each claim finds a forged violation, and says nothing while all is well.

use alloc::{string::String, sync::Arc, vec, vec::Vec};

use chain::{BlockId, Encode as _, PeerId, Seat, Time};
use protocol::{Body, Config, Glance, Keep, Output, Proposal};

use super::*;
use crate::claims::KEPT;
use crate::raft::message::{Configured, Entry, Outcome, Point, Stage};
use crate::raft::saved::{CONFIG, CUT, Cut, PROMISE, Promise, entry_name};
use crate::raft::tests::net::Net;
use crate::testing::claims::{Step, die, finds, fine, peer, put, save, say, show};

const FOLLOWER: u8 = 0;

/// Three members.
fn members() -> Arc<[PeerId]> {
    (0..3).map(peer).collect()
}

/// An observer of them.
fn watch() -> Shared<Observer> {
    watch_from(config(&[0, 1, 2], &[]))
}

/// The same, of members of whom some vote at first.
fn watch_from(first: Config) -> Shared<Observer> {
    Shared::new(Observer::new(&members(), first))
}

fn config(voters: &[u32], outgoing: &[u32]) -> Config {
    let seats = |list: &[u32]| list.iter().copied().map(Seat).collect();
    Config {
        voters: seats(voters),
        outgoing: seats(outgoing),
        learners: vec![],
    }
}

fn entry(term: u64, time: u64) -> Vec<u8> {
    entry_of(term, time, Body::Noop)
}

fn entry_of(term: u64, time: u64, body: Body) -> Vec<u8> {
    let proposal = Proposal {
        time: Time(time),
        proposer: Seat(0),
        body,
    };
    let term = Term(term);
    let proposal = Arc::new(proposal);
    Entry { term, proposal }.to_vec()
}

fn write(index: u64, value: Vec<u8>) -> Output {
    put(&entry_name(Index(index)), value)
}

fn delete(from: u64, until: u64) -> Output {
    let (from, until) = (entry_name(Index(from)), entry_name(Index(until)));
    save([Keep::DeleteRange(from, until)])
}

fn vow(term: u64, vote: Option<u32>) -> Output {
    let (term, vote) = (Term(term), vote.map(Seat));
    put(PROMISE, Promise { term, vote }.to_vec())
}

fn append(term: u64, commit: u64) -> Message {
    Message::Append {
        term: Term(term),
        prev: Point::default(),
        commit: Index(commit),
        entries: vec![],
    }
}

fn looks(role: u8, term: u64, executed: u64, tip: u8) -> Glance {
    Glance {
        role,
        epoch: term,
        executed,
        tip: BlockId::from_bytes([tip; 32]),
        ..Glance::default()
    }
}

#[test]
fn two_leaders_in_a_term() {
    let claim = || watch().claim(ElectionSafety::default());
    let first = (0, vec![], Some(looks(LEADER, 3, 0, 0)));
    let other_term = (1, vec![], Some(looks(LEADER, 4, 0, 0)));
    let second = (1, vec![], Some(looks(LEADER, 3, 0, 0)));
    let crashing = (2, vec![say(0, &append(3, 0))], None);
    let (term, round) = (Term(3), 1);
    let asks = (2, vec![say(0, &Message::Confirm { term, round })], None);
    finds(claim(), &[first.clone(), other_term, second]);
    finds(claim(), &[first.clone(), asks]);
    finds(claim(), &[first, crashing]);
}

#[test]
fn a_leader_that_rewrites_its_log() {
    let claim = || watch().claim(LeaderAppendOnly::default());
    let leads = Some(looks(LEADER, 2, 0, 0));
    let elected = (0, vec![write(1, entry(1, 0)), write(2, entry(2, 0))], leads);
    let goes_on = (0, vec![write(3, entry(2, 1))], leads);
    finds(
        claim(),
        &[
            elected.clone(),
            goes_on.clone(),
            (0, vec![write(3, entry(2, 2))], leads),
        ],
    );
    finds(claim(), &[elected, goes_on, (0, vec![delete(2, 4)], leads)]);
}

#[test]
fn a_follower_may_rewrite_its_log() {
    let mut claim = watch().claim(LeaderAppendOnly::default());
    let leads = Some(looks(LEADER, 2, 0, 0));
    let follows = Some(looks(FOLLOWER, 3, 0, 0));
    assert_eq!(
        show(&mut *claim, 0, &[write(1, entry(2, 0))], leads),
        Ok(())
    );
    assert_eq!(
        show(
            &mut *claim,
            0,
            &[delete(1, 2), write(1, entry(3, 0))],
            follows
        ),
        Ok(())
    );
}

#[test]
fn logs_that_do_not_match() {
    let claim = || watch().claim(LogMatching::default());
    let one = (0, vec![write(1, entry(1, 0)), write(2, entry(2, 0))], None);
    let other_bytes = (1, vec![write(1, entry(1, 9))], None);
    let other_past = (1, vec![write(1, entry(2, 5)), write(2, entry(2, 0))], None);
    let hole = (1, vec![write(2, entry(2, 0))], None);
    finds(claim(), &[one.clone(), other_bytes]);
    finds(claim(), &[one.clone(), other_past]);
    finds(claim(), &[one, hole]);
}

#[test]
fn a_leader_without_what_is_committed() {
    let claim = || watch().claim(LeaderCompleteness::default());
    let leads = |term, executed| Some(looks(LEADER, term, executed, 0));
    let follower = (1, vec![write(1, entry(1, 0))], None);
    let commits = (0, vec![write(1, entry(1, 0))], leads(1, 1));
    let has_it = (1, vec![], leads(2, 0));
    let lacks_it = (2, vec![], leads(3, 0));
    finds(
        claim(),
        &[follower.clone(), commits.clone(), has_it, lacks_it],
    );
    // The leader crashed, but had said so.
    let says = (0, vec![write(1, entry(1, 0)), say(1, &append(1, 1))], None);
    finds(claim(), &[follower, says, (2, vec![], leads(2, 0))]);
}

#[test]
fn a_leader_of_an_older_term_may_lack_what_later_ones_committed() {
    let mut claim = watch().claim(LeaderCompleteness::default());
    let leads = |term, executed| Some(looks(LEADER, term, executed, 0));
    assert_eq!(
        show(&mut *claim, 0, &[write(1, entry(5, 0))], leads(5, 1)),
        Ok(())
    );
    assert_eq!(show(&mut *claim, 2, &[], leads(4, 0)), Ok(()));
}

#[test]
fn two_replicas_that_execute_different_things() {
    let claim = || watch().claim(StateMachineSafety::default());
    let executes = |time, tip| {
        (
            vec![write(1, entry(1, time))],
            Some(looks(FOLLOWER, 1, 1, tip)),
        )
    };
    let step = |seat, (out, glance)| (seat, out, glance);
    let one = step(0, executes(0, 7));
    finds(
        claim(),
        &[
            one.clone(),
            step(1, executes(0, 7)),
            step(2, executes(1, 7)),
        ],
    );
    finds(claim(), &[one, step(1, executes(0, 8))]);
}

#[test]
fn a_commit_that_is_not_on_a_majority() {
    let claim = || watch().claim(CommittedIsDurable);
    let has = |seat| (seat, vec![write(1, entry(1, 0))], None);
    let says = (0, vec![say(1, &append(1, 1))], None);
    let executes = (0, vec![], Some(looks(LEADER, 1, 1, 0)));
    finds(claim(), &[has(0), says.clone()]);
    finds(claim(), &[has(0), executes.clone()]);
    // It was, and then it was deleted.
    finds(
        claim(),
        &[
            has(0),
            has(1),
            executes,
            has(2),
            (1, vec![delete(1, 2)], None),
            (2, vec![write(1, entry(2, 0))], None),
        ],
    );
    finds(claim(), &[has(1), says]); // not even the one that says so
}

#[test]
fn power_may_take_what_was_not_promised_and_nothing_else() {
    let mut claim = watch().claim(CommittedIsDurable);
    for seat in [0, 1, 2] {
        let out = [write(1, entry(1, 0)), write(2, entry(1, 1))];
        show(&mut *claim, seat, &out, None).expect("saved");
    }
    show(&mut *claim, 0, &[], Some(looks(LEADER, 1, 1, 0))).expect("committed");
    let first = || [write(1, entry(1, 0))];
    assert_eq!(die(&mut *claim, 0, &first()), Ok(()), "not committed");
    assert_eq!(die(&mut *claim, 1, &[]), Ok(()), "two still have it");
    assert!(die(&mut *claim, 2, &[]).is_err());

    let mut claim = watch().claim(PromisesAreDurable);
    show(&mut *claim, 0, &[vow(2, Some(1))], None).expect("a vote");
    assert_eq!(die(&mut *claim, 0, &[vow(1, None)]), Ok(()));
    let votes = |to| {
        let message = Message::Voted {
            stage: Stage::Real,
            term: Term(2),
            granted: true,
        };
        [say(to, &message)]
    };
    show(&mut *claim, 0, &votes(1), None).expect_err("that vote is lost");
    show(&mut *claim, 0, &[vow(2, Some(2))], None).expect("another vote");
    show(&mut *claim, 0, &votes(2), None).expect("given");
}

#[test]
fn words_that_are_not_saved() {
    let claim = || watch().claim(PromisesAreDurable);
    let vote = |to, term| {
        let (stage, term, granted) = (Stage::Real, Term(term), true);
        say(
            to,
            &Message::Voted {
                stage,
                term,
                granted,
            },
        )
    };
    let voted = (0, vec![vow(2, Some(1)), vote(1, 2)], None);
    finds(claim(), &[(0, vec![vote(1, 2)], None)]);
    finds(claim(), &[voted.clone(), (0, vec![vote(2, 2)], None)]);
    finds(
        claim(),
        &[voted.clone(), (0, vec![vow(2, Some(2)), vote(2, 2)], None)],
    );
    finds(claim(), &[voted, (0, vec![vow(1, None)], None)]);

    let outcome = Outcome::Matched(Index(1));
    let confirms = say(
        1,
        &Message::Appended {
            term: Term(2),
            outcome,
        },
    );
    let confirmed = (
        0,
        vec![vow(2, None), write(1, entry(2, 0)), confirms.clone()],
        None,
    );
    finds(
        claim(),
        &[confirmed, (2, vec![vow(2, None), confirms], None)],
    );

    let (stage, term, last) = (Stage::Real, Term(3), Point::default());
    let asks = say(1, &Message::AskVote { stage, term, last });
    finds(
        claim(),
        &[
            (0, vec![vow(3, Some(0)), asks.clone()], None),
            (1, vec![asks], None),
        ],
    );
    finds(claim(), &[(0, vec![say(1, &append(2, 0))], None)]);

    let (term, round) = (Term(2), 1);
    for message in [
        Message::Confirm { term, round },
        Message::Confirmed { term, round },
    ] {
        let says = say(1, &message);
        let covered = (0, vec![vow(2, None), says.clone()], None);
        finds(claim(), &[covered, (2, vec![says], None)]);
    }

    let last = Point {
        index: Index(2),
        term: Term(1),
    };
    let (len, offset, piece) = (1, 0, Arc::from(*b"x"));
    let ships = say(
        1,
        &Message::Install {
            term: Term(2),
            last,
            configured: None,
            len,
            offset,
            piece,
        },
    );
    let shipped = |snapshot| vec![vow(2, None), cuts(snapshot, (0, 0)), ships.clone()];
    finds(
        claim(),
        &[(0, shipped((2, 1)), None), (1, shipped((1, 1)), None)],
    );
}

/// Cuts a log off: the snapshot stands for all up to an entry, and all up to another goes.
fn cut((index, term): (u64, u64), (base, base_term): (u64, u64)) -> Vec<Keep> {
    let point = |index, term| Point {
        index: Index(index),
        term: Term(term),
    };
    let value = Cut {
        snapshot: point(index, term),
        base: point(base, base_term),
    };
    vec![
        Keep::Put(CUT.to_vec(), value.to_vec().into()),
        Keep::DeleteRange(entry_name(Index(0)), entry_name(Index(base + 1))),
    ]
}

fn cuts(snapshot: (u64, u64), base: (u64, u64)) -> Output {
    save(cut(snapshot, base))
}

/// A log of three entries, executed as far as it says.
fn three(seat: u8, executed: u64) -> Step {
    let out = (1..=3).map(|index| write(index, entry(1, index))).collect();
    (seat, out, Some(looks(FOLLOWER, 1, executed, 0)))
}

#[test]
fn a_snapshot_of_what_is_not_committed() {
    let claim = || watch().claim(SnapshotsAreCommitted);
    let cuts = |seat, snapshot, base| (seat, vec![cuts(snapshot, base)], None);
    let fine = [three(0, 3), three(1, 2), cuts(0, (2, 1), (1, 1))];
    let finds = |last| finds(claim(), &[&fine[..], &[last]].concat());
    finds(cuts(1, (4, 1), (1, 1))); // nobody has that
    finds(cuts(1, (2, 2), (1, 1))); // of another term
    finds(cuts(0, (1, 1), (1, 1))); // less than before
    finds(cuts(0, (3, 1), (0, 0))); // what is gone comes back
    finds(cuts(1, (1, 1), (2, 1))); // more is gone than it stands for
    finds((1, vec![delete(1, 2)], None)); // no snapshot at all
    finds((0, vec![delete(2, 3)], None)); // more than was cut off
    let mut claim = claim();
    for (seat, out, glance) in fine {
        assert_eq!(show(&mut *claim, seat, &out, glance), Ok(()));
    }
    // What is not committed may go, and what is written instead may be committed at once.
    let again = [delete(3, 4), write(3, entry(2, 9))];
    assert_eq!(show(&mut *claim, 1, &again, None), Ok(()));
}

#[test]
fn what_a_snapshot_stands_for_is_durable_and_the_log_goes_on_behind_it() {
    let mut claims = all(&Terms {
        members: members(),
        ..Net::new(3, 0, 0).nodes[0].terms.clone()
    });
    let mut show_all = |seat, out: &[Output], glance| {
        let shown = claims
            .iter_mut()
            .map(|claim| show(&mut **claim, seat, out, glance));
        shown.collect::<Result<Vec<()>, String>>().map(|_| ())
    };
    for seat in 0..3 {
        let (_, mut out, _) = three(seat, 0);
        out.insert(0, vow(1, Some(0)));
        let follows = Some(looks(FOLLOWER, 1, 0, 0));
        assert_eq!(show_all(seat, &out, follows), Ok(()));
    }
    let leads = |executed| Some(looks(LEADER, 1, executed, 0));
    assert_eq!(show_all(0, &[say(1, &append(1, 3))], leads(3)), Ok(()));
    assert_eq!(
        show_all(0, &[cuts((3, 1), (2, 1))], leads(3)),
        Ok(()),
        "a leader, too"
    );
    let goes_on = [write(4, entry(1, 4))];
    assert_eq!(show_all(0, &goes_on, leads(3)), Ok(()));
    // One that has nothing installs it.
    let installs = [cuts((3, 1), (3, 1)), write(4, entry(1, 4))];
    let follows = Some(looks(FOLLOWER, 1, 4, 1));
    assert_eq!(show_all(2, &installs, follows), Ok(()));
    assert!(
        show_all(2, &[write(4, entry(1, 5))], follows).is_err(),
        "it is compared"
    );
}

fn brings(index: u64, config: Config) -> Output {
    write(index, entry_of(1, index, Body::Config(config)))
}

/// All have a line, and the first one takes it as committed.
fn all_have(index: u64, line: &Output) -> Vec<Step> {
    let executes = Some(looks(FOLLOWER, 1, index, 0));
    vec![
        (1, vec![line.clone()], None),
        (2, vec![line.clone()], None),
        (0, vec![line.clone()], executes),
    ]
}

#[test]
fn a_majority_of_those_who_do_not_vote() {
    let claim = || watch_from(config(&[0, 1], &[])).claim(CommittedIsDurable);
    let has = |seat| (seat, vec![write(1, entry(1, 0))], None);
    let executes = (0, vec![], Some(looks(LEADER, 1, 1, 0)));
    finds(claim(), &[has(0), has(2), executes.clone()]);
    fine(&mut *claim(), &[has(0), has(1), executes]);
}

#[test]
fn a_majority_of_half_a_joint_configuration() {
    let claim = || watch().claim(CommittedIsDurable);
    let joint = all_have(1, &brings(1, config(&[2], &[0, 1])));
    let has = |seat| (seat, vec![write(2, entry(1, 9))], None);
    let executes = |seat| (seat, vec![], Some(looks(FOLLOWER, 1, 2, 0)));
    let after = |steps: &[Step]| [&joint[..], steps].concat();
    finds(claim(), &after(&[has(0), has(1), executes(0)])); // the new ones lack it
    finds(claim(), &after(&[has(2), has(0), executes(0)])); // the old ones do
    let all = [has(0), has(1), has(2), executes(0)];
    fine(&mut *claim(), &after(&all));
    finds(
        claim(),
        &after(&[&all[..], &[(1, vec![delete(2, 3)], None)]].concat()),
    );
}

#[test]
fn what_was_committed_by_others_has_to_stay_with_those_who_vote_now() {
    let claim = || watch().claim(CommittedIsDurable);
    let alone = all_have(1, &brings(1, config(&[2], &[])));
    let after = |step: Step| [&alone[..], &[step]].concat();
    fine(&mut *claim(), &after((0, vec![delete(1, 2)], None)));
    finds(claim(), &after((2, vec![delete(1, 2)], None)));
    // A configuration counts from when it is written, and only where it is.
    let brings = |seat| (seat, vec![brings(1, config(&[0], &[]))], None);
    let executes = (0, vec![], Some(looks(LEADER, 1, 1, 0)));
    fine(&mut *claim(), &[brings(0), executes.clone()]);
    finds(claim(), &[(0, vec![write(1, entry(1, 0))], None), executes]);
}

#[test]
fn progress_depends_on_those_who_vote_or_are_about_to() {
    let mut claim = watch().claim(CommittedIsDurable);
    let needed = |claim: &dyn Claim| [0, 1, 2, 9].map(|seat| claim.needs(peer(seat)));
    assert_eq!(needed(&*claim), [true; 4], "clients, too");
    let joint = brings(1, config(&[2], &[1]));
    fine(&mut *claim, &[(0, vec![joint.clone()], None)]);
    assert_eq!(needed(&*claim), [true; 4], "the first ones still vote");
    fine(&mut *claim, &all_have(1, &joint));
    assert_eq!(needed(&*claim), [false, true, true, true]);
    fine(&mut *claim, &all_have(2, &brings(2, config(&[2], &[]))));
    assert_eq!(needed(&*claim), [false, false, true, true]);
}

#[test]
fn a_snapshot_that_forgets_who_takes_part() {
    let claim = || watch().claim(SnapshotsAreCommitted);
    let two = config(&[0, 1], &[]);
    let before = all_have(1, &brings(1, two.clone()));
    let keeps = |since, config: Config| {
        let (since, config) = (Index(since), Arc::new(config));
        put(CONFIG, Configured { since, config }.to_vec())
    };
    let cuts = |keep: Vec<Output>| {
        let all = [vec![cuts((1, 1), (1, 1))], keep].concat();
        [&before[..], &[(0, all, None)]].concat()
    };
    finds(claim(), &cuts(vec![]));
    finds(claim(), &cuts(vec![keeps(1, config(&[0], &[]))]));
    finds(claim(), &cuts(vec![keeps(2, two.clone())]));
    fine(&mut *claim(), &cuts(vec![keeps(1, two)]));
}

/// However long a run is, claims remember the latest part of it only.
#[test]
fn memory_is_bounded() {
    let (observer, most) = (watch(), KEPT as u64);
    let mut claim = observer.claim(SnapshotsAreCommitted);
    for index in 1..=2 * most {
        let out = [write(index, entry(1, index))];
        assert_eq!(show(&mut *claim, 0, &out, None), Ok(()));
    }
    observer.look(|observer| {
        let disk = observer.disk(peer(0)).expect("a member");
        assert_eq!(disk.log.size(), KEPT);
        assert_eq!(
            (disk.forgotten, disk.last()),
            (Index(most), Index(2 * most))
        );
    });

    let mut leaders = Leaders::default();
    for term in 1..=2 * most {
        assert_eq!(leaders.leads(peer(0), Term(term)), Ok(()));
    }
    assert_eq!(leaders.0.size(), KEPT);
}
