//! Messages and saves survive their encoding, and junk does no harm.

use alloc::{boxed::Box, sync::Arc, vec, vec::Vec};

use chain::{PeerId, Seat, Signature, Tag, Time};
use proptest::prelude::*;

use super::net::Net;
use crate::pbft::message::{
    Batch, Checkpoint, Decided, Digest, Message, NewView, Prepared, Progress, Request, Signatures,
    Slot, Stable, Status, View, ViewChange, Vote,
};
use crate::pbft::saved::{Accepted, Shelf, batch_name, batch_of, earlier_name, earlier_of};
use crate::pbft::seals::Seal;
use crate::testing::{bytes, junk_is_an_error_or, round_trip};

fn signature() -> impl Strategy<Value = Signature> {
    any::<[u8; 32]>().prop_map(|half| {
        Signature::from_bytes(*[half, half].as_flattened().first_chunk().expect("64 bytes"))
    })
}

fn tag() -> impl Strategy<Value = Tag> {
    any::<[u8; Tag::LEN]>().prop_map(Tag::from_bytes)
}

fn seal() -> impl Strategy<Value = Seal> {
    let tags = prop::collection::vec(tag(), 0..5);
    prop_oneof![
        signature().prop_map(Seal::Signature),
        tags.prop_map(|tags| Seal::Authenticator(tags.into())),
    ]
}

/// Numbers around those that matter in a short run, and any others.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..40u64, any::<u64>()]
}

fn seat() -> impl Strategy<Value = Seat> {
    prop_oneof![0..6u32, any::<u32>()].prop_map(Seat)
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest)
}

fn vote() -> impl Strategy<Value = Vote> {
    (number(), number(), digest()).prop_map(|(view, slot, digest)| Vote {
        view: View(view),
        slot: Slot(slot),
        digest,
    })
}

fn signatures() -> impl Strategy<Value = Signatures> {
    prop::collection::vec((seat(), signature()), 0..4)
}

fn request() -> impl Strategy<Value = Request> {
    let parts = (
        any::<[u8; 32]>(),
        number(),
        bytes(),
        any::<[u8; 32]>(),
        seal(),
    );
    parts.prop_map(|(client, number, tx, key, seal)| Request {
        wish: protocol::Request {
            client: PeerId::from_bytes(client),
            number,
            tx,
        },
        key,
        seal,
    })
}

fn batch() -> impl Strategy<Value = Arc<Batch>> {
    let parts = (any::<u64>(), seat(), prop::collection::vec(request(), 0..3));
    parts.prop_map(|(time, proposer, requests)| {
        Arc::new(Batch {
            time: Time(time),
            proposer,
            requests,
        })
    })
}

fn checkpoint() -> impl Strategy<Value = Checkpoint> {
    (number(), digest()).prop_map(|(slot, digest)| Checkpoint {
        slot: Slot(slot),
        digest,
    })
}

fn stable() -> impl Strategy<Value = Stable> {
    (checkpoint(), signatures()).prop_map(|(checkpoint, signatures)| Stable {
        checkpoint,
        signatures,
    })
}

fn prepared() -> impl Strategy<Value = Prepared> {
    let pre_prepare = prop::option::of(signature());
    (vote(), pre_prepare, signatures()).prop_map(|(vote, pre_prepare, prepares)| Prepared {
        vote,
        pre_prepare,
        prepares,
    })
}

fn decided() -> impl Strategy<Value = Arc<Decided>> {
    (vote(), signatures(), batch()).prop_map(|(vote, commits, batch)| {
        Arc::new(Decided {
            view: vote.view,
            slot: vote.slot,
            commits,
            batch,
        })
    })
}

fn view_change() -> impl Strategy<Value = Arc<ViewChange>> {
    let prepared = prop::collection::vec(prepared(), 0..3);
    let pre_prepared = prop::collection::vec(vote(), 0..3);
    (
        number(),
        seat(),
        stable(),
        prepared,
        pre_prepared,
        signature(),
    )
        .prop_map(|(view, seat, stable, prepared, pre_prepared, signature)| {
            Arc::new(ViewChange {
                view: View(view),
                seat,
                stable,
                prepared,
                pre_prepared,
                signature,
            })
        })
}

fn new_view() -> impl Strategy<Value = Arc<NewView>> {
    let changes = prop::collection::vec(view_change(), 0..3);
    let pre_prepares = prop::collection::vec((digest(), prop::option::of(signature())), 0..3);
    (number(), changes, pre_prepares, signature()).prop_map(
        |(view, changes, pre_prepares, signature)| {
            Arc::new(NewView {
                view: View(view),
                changes,
                pre_prepares,
                signature,
            })
        },
    )
}

fn status() -> impl Strategy<Value = Status> {
    let progress = prop_oneof![
        Just(Progress::Nothing),
        Just(Progress::PrePrepared),
        Just(Progress::Prepared),
        Just(Progress::Decided),
    ];
    let lists = (
        prop::option::of(prop::collection::vec(seat(), 0..4)),
        prop::collection::vec(progress, 0..4),
        prop::collection::vec((number().prop_map(Slot), digest()), 0..4),
    );
    (number(), number(), number(), lists, seat()).prop_map(
        |(view, stable, executed, (changing, progress, lacks), helper)| Status {
            view: View(view),
            changing,
            stable: Slot(stable),
            executed: Slot(executed),
            progress,
            lacks,
            helper,
        },
    )
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        request().prop_map(Message::Request),
        (vote(), batch(), seal()).prop_map(|(vote, batch, seal)| Message::PrePrepare {
            view: vote.view,
            slot: vote.slot,
            batch,
            seal,
        }),
        (vote(), seal()).prop_map(|(vote, seal)| Message::Prepare(vote, seal)),
        (vote(), seal()).prop_map(|(vote, seal)| Message::Commit(vote, seal)),
        (number(), number(), bytes(), prop::option::of(tag())).prop_map(
            |(view, number, receipt, tag)| Message::Reply {
                view: View(view),
                number,
                receipt,
                tag,
            }
        ),
        (checkpoint(), signature())
            .prop_map(|(one, signature)| Message::Checkpoint(one, signature)),
        view_change().prop_map(Message::ViewChange),
        new_view().prop_map(Message::NewView),
        status().prop_map(Message::Status),
        stable().prop_map(Message::Stable),
        decided().prop_map(Message::Decided),
        (number(), number(), number(), bytes()).prop_map(|(slot, len, offset, bytes)| {
            Message::Data {
                slot: Slot(slot),
                len,
                offset,
                bytes,
            }
        }),
        (number(), number()).prop_map(|(slot, offset)| Message::Fetch {
            slot: Slot(slot),
            offset,
        }),
        (number(), batch()).prop_map(|(slot, batch)| Message::Batch {
            slot: Slot(slot),
            batch
        }),
    ]
}

proptest! {
    #[test]
    fn messages_survive(message in message()) {
        round_trip(&message);
    }

    #[test]
    fn saves_survive(
        vote in vote(),
        signature in prop::option::of(signature()),
        slot: u64,
    ) {
        round_trip(&Accepted { vote, signature });
        for shelf in [Shelf::Accepted, Shelf::Prepared, Shelf::Decided] {
            prop_assert_eq!(shelf.slot(&shelf.name(Slot(slot))), Some(Slot(slot)));
        }
        let name = batch_name(vote.slot, vote.digest);
        prop_assert_eq!(batch_of(&name), Some((vote.slot, vote.digest)));
        prop_assert_eq!(Shelf::Decided.slot(&name), None);
        prop_assert_eq!(earlier_of(&name), None);
        let name = earlier_name(vote.slot, vote.digest);
        prop_assert_eq!(earlier_of(&name), Some((vote.slot, vote.digest)));
    }

    #[test]
    fn slots_are_stored_in_their_order(one: u64, other: u64) {
        let names = Shelf::Decided.name(Slot(one)).cmp(&Shelf::Decided.name(Slot(other)));
        prop_assert_eq!(names, one.cmp(&other));
    }

    #[test]
    fn junk_is_an_error_or_a_message(bytes: Vec<u8>) {
        junk_is_an_error_or::<Message>(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Well-formed nonsense from members, clients and strangers, to machines in any state: nobody panics,
    /// and nothing of it is decided.
    #[test]
    fn nonsense_does_no_harm(
        said in prop::collection::vec((0..7usize, 0..5usize, message().prop_map(Box::new)), 0..40),
        wait in 0..600u64,
    ) {
        let mut net = Net::with([1000, 16, 1, 500, wait % 2].into(), 4, 2, wait);
        net.boot_all();
        net.submit(4, "real");
        net.run_ms(wait);
        for (from, to, message) in said {
            net.tell(from, to, &message);
            net.run_ms(5);
        }
        prop_assert!(net.members().all(|place| net.executed(place) <= 1));
    }
}
