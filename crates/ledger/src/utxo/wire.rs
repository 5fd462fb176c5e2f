//! The encoding of coins, as the state's root covers it and proofs carry it.

use alloc::vec::Vec;

use chain::{Amount, AmountError, BlockTime, Decode, DecodeError, Encode, Height, Reader, Script};

use super::{Coin, Coins};

impl Encode for Coin {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.amount.to_sat().to_le_bytes());
        self.script.encode_into(out);
        out.extend_from_slice(&self.height.0.to_le_bytes());
        out.extend_from_slice(&self.median.0.to_le_bytes());
        out.push(u8::from(self.coinbase));
    }
}

impl Decode for Coin {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            amount: read_amount(reader)?,
            script: Script::decode_from(reader)?,
            height: Height(reader.u32()?),
            median: BlockTime(reader.u32()?),
            coinbase: match reader.u8()? {
                0 => false,
                1 => true,
                tag => {
                    let what = "kind of coin";
                    return Err(DecodeError::UnknownTag { what, tag });
                }
            },
        })
    }
}

impl Encode for Coins {
    fn encode_into(&self, out: &mut Vec<u8>) {
        self.map().encode_into(out);
    }
}

impl Decode for Coins {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::of(Decode::decode_from(reader)?).map_err(too_much)
    }
}

/// An amount in satoshi. More than all the money is refused as a tag, the number's highest byte that
/// is not zero, because the codec has no error for a number out of range.
pub(super) fn read_amount(reader: &mut Reader<'_>) -> Result<Amount, DecodeError> {
    Amount::new(reader.u64()?).map_err(too_much)
}

fn too_much(AmountError(satoshi): AmountError) -> DecodeError {
    let highest = satoshi.to_be_bytes().into_iter().find(|byte| *byte != 0);
    DecodeError::UnknownTag {
        what: "amount",
        tag: highest.unwrap_or(0),
    }
}
