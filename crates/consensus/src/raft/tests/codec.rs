//! Messages and saves survive their encoding, and junk does no harm.

use alloc::{sync::Arc, vec::Vec};

use chain::{Encode as _, PeerId, Seat, Time};
use proptest::prelude::*;
use protocol::{Body, Config, Proposal, Request};

use super::net::Net;
use crate::raft::message::{Configured, Entry, Index, Message, Outcome, Point, Stage, Term};
use crate::raft::saved::{Cut, Promise, entry_config, entry_index, entry_name, entry_term};
use crate::testing::{bytes, junk_is_an_error_or, round_trip};

fn body() -> impl Strategy<Value = Body> {
    let request = (any::<[u8; 32]>(), any::<u64>(), bytes());
    let request = request.prop_map(|(client, number, tx)| Request {
        client: PeerId::from_bytes(client),
        number,
        tx,
    });
    let requests = prop::collection::vec(request, 0..4).prop_map(Body::Requests);
    let config = configured().prop_map(|one| Body::Config((*one.config).clone()));
    prop_oneof![Just(Body::Noop), requests, config]
}

fn configured() -> impl Strategy<Value = Configured> {
    let seats = || {
        let some = prop::collection::btree_set(any::<u32>().prop_map(Seat), 0..4);
        some.prop_map(|seats| seats.into_iter().collect())
    };
    let parts = (any::<u64>(), seats(), seats(), seats());
    parts.prop_map(|(since, voters, outgoing, learners)| Configured {
        since: Index(since),
        config: Arc::new(Config {
            voters,
            outgoing,
            learners,
        }),
    })
}

fn entry() -> impl Strategy<Value = Entry> {
    let parts = (any::<u64>(), any::<u64>(), any::<u32>(), body());
    parts.prop_map(|(term, time, proposer, body)| Entry {
        term: Term(term),
        proposal: Arc::new(Proposal {
            time: Time(time),
            proposer: Seat(proposer),
            body,
        }),
    })
}

fn point() -> impl Strategy<Value = Point> {
    any::<(u64, u64)>().prop_map(|(index, term)| Point {
        index: Index(index),
        term: Term(term),
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let conflict = any::<(u64, Option<u64>, u64)>().prop_map(|(at, term, first)| {
        let (at, instead) = (Index(at), (term.map(Term), Index(first)));
        Outcome::Conflict { at, instead }
    });
    let matched = any::<u64>().prop_map(|index| Outcome::Matched(Index(index)));
    prop_oneof![matched, conflict, Just(Outcome::Stale)]
}

fn of_leaders() -> impl Strategy<Value = Message> {
    let parts = (any::<u64>().prop_map(Term), any::<u64>(), 0..3u8);
    parts.prop_map(|(term, round, which)| match which {
        0 => Message::Confirm { term, round },
        1 => Message::Confirmed { term, round },
        _ => Message::TimeoutNow { term },
    })
}

fn message() -> impl Strategy<Value = Message> {
    let stage = || {
        let all = [Stage::Pre, Stage::Real, Stage::Transfer];
        prop::sample::select(all.to_vec())
    };
    let term = || any::<u64>().prop_map(Term);
    let entries = prop::collection::vec(entry(), 0..4);
    prop_oneof![
        (stage(), term(), point()).prop_map(|(stage, term, last)| Message::AskVote {
            stage,
            term,
            last
        }),
        (stage(), term(), any::<bool>()).prop_map(|(stage, term, granted)| Message::Voted {
            stage,
            term,
            granted
        }),
        (term(), point(), any::<u64>(), entries).prop_map(|(term, prev, commit, entries)| {
            let commit = Index(commit);
            Message::Append {
                term,
                prev,
                commit,
                entries,
            }
        }),
        (term(), outcome()).prop_map(|(term, outcome)| Message::Appended { term, outcome }),
        (
            term(),
            point(),
            prop::option::of(configured()),
            any::<(u64, u64)>(),
            bytes()
        )
            .prop_map(
                |(term, last, configured, (len, offset), piece)| Message::Install {
                    term,
                    last,
                    configured,
                    len,
                    offset,
                    piece
                }
            ),
        (term(), point(), any::<u64>()).prop_map(|(term, last, have)| Message::Received {
            term,
            last,
            have
        }),
        of_leaders(),
        (any::<u64>(), bytes()).prop_map(|(number, tx)| Message::Request { number, tx }),
        any::<(u64, Option<u32>)>().prop_map(|(number, leader)| {
            let leader = leader.map(Seat);
            Message::NotLeader { number, leader }
        }),
        (any::<u64>(), bytes()).prop_map(|(number, receipt)| Message::Reply { number, receipt }),
    ]
}

proptest! {
    #[test]
    fn messages_survive(message in message()) {
        round_trip(&message);
    }

    #[test]
    fn saves_survive(
        entry in entry(),
        term: u64,
        vote: Option<u32>,
        index: u64,
        snapshot in point(),
        base in point(),
        configured in configured(),
    ) {
        round_trip(&configured);
        round_trip(&entry);
        round_trip(&Cut { snapshot, base });
        round_trip(&Promise { term: Term(term), vote: vote.map(Seat) });
        let config = match &entry.proposal.body {
            Body::Config(config) => Some(config.clone()),
            Body::Noop | Body::Requests(_) => None,
        };
        prop_assert_eq!(entry_config(&entry.to_vec()), config);
        prop_assert_eq!(entry_term(&entry.to_vec()), Some(entry.term));
        prop_assert_eq!(entry_index(&entry_name(Index(index))), Some(Index(index)));
    }

    #[test]
    fn entries_are_stored_in_their_order(one: u64, other: u64) {
        let names = entry_name(Index(one)).cmp(&entry_name(Index(other)));
        prop_assert_eq!(names, one.cmp(&other));
    }

    #[test]
    fn junk_is_an_error_or_a_message(bytes: Vec<u8>) {
        junk_is_an_error_or::<Message>(&bytes);
    }

    /// Well-formed nonsense from members, clients and strangers, to machines in any state. No claim
    /// can hold against members that lie; nobody may panic.
    #[test]
    fn nonsense_does_no_harm(
        said in prop::collection::vec((0..6usize, 0..4usize, message()), 0..60),
        wait in 0..600u64,
    ) {
        let mut net = Net::up(3, 2, wait);
        net.unclaimed();
        net.run_ms(wait);
        for (from, to, message) in said {
            net.tell(from, to, &message);
            net.run_ms(10);
        }
    }
}
