//! The wire format: one encoding per message, bounded, and junk is an error.

use std::sync::Arc;

use chain::{BitcoinHeader, BlockId, Height, Txid, Work, Wtxid};
use node::limits;
use node::message::{Claim, Message, MessageError};
use proptest::collection::vec;
use proptest::prelude::*;

fn header() -> impl Strategy<Value = BitcoinHeader> {
    vec(any::<u8>(), 80).prop_map(|bytes| BitcoinHeader::decode(&bytes.try_into().unwrap()))
}

fn hash() -> impl Strategy<Value = [u8; 32]> {
    any::<[u8; 32]>()
}

fn id() -> impl Strategy<Value = BlockId> {
    hash().prop_map(BlockId::from_bytes)
}

fn claim() -> impl Strategy<Value = Claim> {
    (header(), any::<u32>(), any::<[u8; 32]>()).prop_map(|(header, height, work)| Claim {
        header,
        height: Height(height),
        work: Work::from_be_bytes(work),
    })
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        claim().prop_map(Message::Tip),
        claim().prop_map(Message::Inv),
        (vec(id(), 1..=limits::LOCATOR), id())
            .prop_map(|(locator, stop)| Message::GetHeaders { locator, stop }),
        vec(header(), 0..20).prop_map(Message::Headers),
        vec(id(), 1..=limits::BODIES).prop_map(Message::GetBodies),
        vec(any::<u8>(), 81..500).prop_map(|block| Message::Body(block.into())),
        vec(id(), 1..=limits::BODIES).prop_map(Message::NotFound),
        vec(hash().prop_map(Wtxid::from_bytes), 1..=40).prop_map(Message::OfferTransactions),
        vec(hash().prop_map(Wtxid::from_bytes), 1..=40).prop_map(Message::GetTransactions),
        vec(hash().prop_map(Txid::from_bytes), 1..=40).prop_map(Message::GetParents),
        vec(any::<u8>(), 1..500).prop_map(|tx| Message::Transaction(tx.into())),
    ]
}

proptest! {
    #[test]
    fn each_message_comes_back(message in message()) {
        prop_assert_eq!(Message::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn what_decodes_has_one_encoding(bytes in vec(any::<u8>(), 0..400), tag in 0u8..12) {
        let mut bytes = bytes;
        bytes.insert(0, tag);
        if let Ok(message) = Message::decode(&bytes) {
            prop_assert_eq!(message.encode(), bytes);
        }
    }

    #[test]
    fn no_prefix_of_a_message_is_one(message in message(), cut in any::<prop::sample::Index>()) {
        let bytes = message.encode();
        let cut = cut.index(bytes.len());
        match Message::decode(&bytes[..cut]) {
            // A block cut short is a shorter block; its commitment reveals that.
            Ok(Message::Body(_)) => prop_assert!(matches!(message, Message::Body(_))),
            // So is a transaction; it does not decode.
            Ok(Message::Transaction(_)) => {
                prop_assert!(matches!(message, Message::Transaction(_)));
            }
            Ok(other) => prop_assert!(false, "{other:?}"),
            Err(_) => {}
        }
    }
}

#[test]
fn lists_are_bounded_before_they_are_read() {
    let headers = [&[3][..], &2001u16.to_le_bytes()].concat();
    let expected = Err(MessageError::TooMany {
        found: 2001,
        limit: 2000,
    });
    assert_eq!(Message::decode(&headers), expected);
    let empty = [&[4][..], &0u16.to_le_bytes()].concat();
    assert_eq!(Message::decode(&empty), Err(MessageError::Empty));
}

#[test]
fn the_longest_messages_fit_into_an_envelope() {
    let header = BitcoinHeader::decode(&[0; 80]);
    let longest: [Message; 2] = [
        Message::Headers(vec![header; limits::HEADERS]),
        Message::Body(Arc::from(vec![0; limits::BLOCK])),
    ];
    for message in longest {
        let bytes = message.encode();
        assert!(bytes.len() <= protocol::envelope::MAX_PAYLOAD);
        assert_eq!(Message::decode(&bytes), Ok(message));
    }
    let oversized = [&[5][..], &vec![0; limits::BLOCK + 1]].concat();
    assert!(matches!(
        Message::decode(&oversized),
        Err(MessageError::BadLength(_))
    ));
}

#[test]
fn every_block_that_a_room_allows_can_travel() {
    let room = chain::tabchain("", 10, chain::CompactTarget(0x1f00_ffff), 8, 210_000).unwrap();
    let most = room.max_block_size as usize * 4; // all of it witness data
    assert!(most <= limits::BLOCK);
}

#[test]
fn the_largest_transaction_travels_and_one_byte_more_does_not() {
    let sized = |len: usize| [&[10][..], &vec![0; len]].concat();
    let most = limits::TRANSACTION;
    assert!(Message::decode(&sized(most)).is_ok());
    let refused = Err(MessageError::BadLength(most as u64 + 1));
    assert_eq!(Message::decode(&sized(most + 1)), refused);
    assert_eq!(Message::decode(&sized(0)), Err(MessageError::BadLength(0)));
    let offers = |count: u16| {
        [
            &[7][..],
            &count.to_le_bytes(),
            &vec![0; usize::from(count) * 32],
        ]
        .concat()
    };
    let most = limits::OFFERS as u16;
    assert!(Message::decode(&offers(most)).is_ok());
    let refused = MessageError::TooMany {
        found: u32::from(most) + 1,
        limit: u32::from(most),
    };
    assert_eq!(Message::decode(&offers(most + 1)), Err(refused));
}
