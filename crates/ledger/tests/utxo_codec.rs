//! The encodings of the utxo ledger: what is written is read, and nothing else is.

use chain::{Amount, BlockTime, DecodeError, Encode, Height, Reject, Script, decode_exact};
use ledger::utxo::{Coin, Receipt};
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn receipts_of_nonsense_do_not_decode() {
    let too_much = [
        [0].as_slice(),
        &(Amount::MAX_MONEY.to_sat() + 1).to_le_bytes(),
    ]
    .concat();
    for (bytes, what, tag) in [
        (too_much, "amount", 0x07),
        (vec![2], "result of a transaction", 2),
        (vec![1, 2, b'h', b'i'], "reason to refuse", b'h'),
        (vec![1, 0], "reason to refuse", 0),
    ] {
        let refused = decode_exact::<Receipt>(&bytes);
        assert_eq!(refused, Err(DecodeError::UnknownTag { what, tag }));
    }
}

proptest! {
    #[test]
    fn receipts_survive_their_encoding(satoshi in 0..=Amount::MAX_MONEY.to_sat(),
                                       name in 0..Reject::NAMES.len()) {
        let amount = Amount::new(satoshi).expect("within all the money");
        for result in [Ok(amount), Err(Reject::NAMES[name])] {
            let receipt = Receipt { result };
            prop_assert_eq!(decode_exact(&receipt.to_vec()), Ok(receipt));
        }
    }

    #[test]
    fn junk_receipts_and_coins_do_not_panic(junk in vec(any::<u8>(), 0..60)) {
        if let Ok(receipt) = decode_exact::<Receipt>(&junk) {
            prop_assert_eq!(receipt.to_vec(), junk.clone(), "one encoding for each");
        }
        if let Ok(coin) = decode_exact::<Coin>(&junk) {
            prop_assert_eq!(coin.to_vec(), junk, "one encoding for each");
        }
    }

    #[test]
    fn coins_survive_their_encoding(
        satoshi in 0..=Amount::MAX_MONEY.to_sat(),
        script in vec(any::<u8>(), 0..50),
        height: u32,
        median: u32,
        coinbase: bool,
    ) {
        let coin = Coin {
            amount: Amount::new(satoshi).expect("within all the money"),
            script: Script(script),
            height: Height(height),
            median: BlockTime(median),
            coinbase,
        };
        let bytes = coin.to_vec();
        prop_assert!(decode_exact::<Coin>(&bytes[..bytes.len() - 1]).is_err());
        prop_assert_eq!(decode_exact(&bytes), Ok(coin));
    }
}
