//! The height at the start of a coinbase (BIP34).
#![cfg(not(target_arch = "wasm32"))]

use chain::{Height, Script, Transaction};
use proptest::prelude::*;

proptest! {
    #[test]
    fn heights_come_back_from_coinbases(height: u32, extra: Vec<u8>) {
        let tx = Transaction::coinbase(Height(height), &extra, vec![]);
        prop_assert_eq!(tx.inputs[0].script_sig.height(), Some(Height(height)));
        prop_assert!(tx.is_coinbase());
    }

    #[test]
    fn only_the_shortest_height_is_read(bytes in prop::collection::vec(any::<u8>(), 0..8)) {
        let script = Script(bytes);
        if let Some(height) = script.height() {
            let shortest = Script::default().push_height(height);
            prop_assert!(script.as_bytes().starts_with(shortest.as_bytes()));
        }
    }
}

#[test]
fn heights_in_longer_forms_are_none() {
    let none: [&[u8]; 9] = [
        &[],
        &[1, 0],
        &[1, 16],
        &[2, 17, 0],
        &[1, 0x80],
        &[1, 0x91],
        &[4, 0xff, 0xff, 0xff],
        &[0x4c, 1, 17],
        &[5, 0, 0, 0, 0, 1],
    ];
    for bytes in none {
        assert_eq!(Script(bytes.to_vec()).height(), None, "{bytes:?}");
    }
    let some: [(&[u8], u32); 6] = [
        (&[0], 0),
        (&[0x51], 1),
        (&[0x60], 16),
        (&[1, 17], 17),
        (&[2, 0x80, 0], 128),
        (&[3, 0xff, 0xff, 0x7f], 0x7f_ffff),
    ];
    for (bytes, height) in some {
        assert_eq!(
            Script(bytes.to_vec()).height(),
            Some(Height(height)),
            "{bytes:?}"
        );
    }
}
