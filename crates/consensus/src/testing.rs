//! What tests of all protocols over slots share: a network whose claims are on, and what every one of
//! them has to stand.

use alloc::{sync::Arc, vec::Vec};
use core::fmt::Debug;

use chain::{Decode, Encode, decode_exact};
use proptest::prelude::*;
use protocol::{Entry, Proposal, Values};

pub mod claims;
mod executor;
pub mod host;
pub mod net;

use net::Net;

/// A protocol over slots, as far as its tests have to know it.
pub trait Tested: 'static {
    /// All that is said.
    type Message: Encode + Decode + Clone + Debug + PartialEq;

    /// Its entry in the registry.
    const ENTRY: &'static Entry;

    /// What a replica's disk says is decided in a slot, or may be.
    fn decided(disk: &Values, slot: u64) -> Option<Proposal>;
}

/// The same seed gives the same run.
pub fn assert_same<P: Tested>(run: impl Fn() -> Net<P>) {
    let run = || {
        let net = run();
        let disks: Vec<_> = net.nodes.iter().map(|node| node.disk.clone()).collect();
        (net.now, net.answered, net.said, disks)
    };
    assert_eq!(run(), run());
}

/// A client that restarts never uses a number twice.
pub fn assert_numbers_outlive_a_crash<P: Tested>(members: usize) {
    let mut net = Net::<P>::up(members, 1, 14);
    net.submit(members, "first");
    net.finish();
    net.crash(members);
    net.boot(members);
    net.submit(members, "second");
    net.finish();
    net.run_ms(500);
    net.assert_settled();
}

/// What becomes of a replica does not touch its copy.
pub fn assert_copies_go_their_own_way<P: Tested>(members: usize) {
    let mut net = Net::<P>::up(members, 1, 17);
    net.run_ms(1000);
    let copy = net.fork_of(0);
    let before = copy.inspect();
    net.submit(members, "more");
    net.run_ms(1000);
    assert_eq!(copy.inspect(), before);
    assert_ne!(net.inspect(0), before);
}

/// Any bytes, not too many.
pub fn bytes() -> impl Strategy<Value = Arc<[u8]>> {
    prop::collection::vec(any::<u8>(), 0..40).prop_map(Arc::from)
}

/// Reads back what was written, nothing less and nothing more.
pub fn round_trip<T: Encode + Decode + PartialEq + Debug>(value: &T) {
    let mut bytes = value.to_vec();
    assert_eq!(decode_exact::<T>(&bytes).as_ref(), Ok(value));
    bytes.push(0);
    assert!(decode_exact::<T>(&bytes).is_err(), "a byte too many");
    bytes.truncate(bytes.len() - 2);
    assert!(decode_exact::<T>(&bytes).is_err(), "a byte too few");
}

/// Any bytes are an error, or written just so.
pub fn junk_is_an_error_or<T: Encode + Decode>(bytes: &[u8]) {
    if let Ok(value) = decode_exact::<T>(bytes) {
        assert_eq!(value.to_vec(), bytes);
    }
}
