//! What came of a transaction.

use alloc::vec::Vec;

use chain::{Amount, Decode, DecodeError, Encode, Reader, Reject, put_bytes};

use super::wire::read_amount;

/// What came of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The fee: burnt in slots, paid to whoever made the block in blocks of forks; or the rule that the transaction broke, by its standard name, which
    /// is one of [`Reject::NAMES`].
    pub result: Result<Amount, &'static str>,
}

const DONE: u8 = 0;
const REFUSED: u8 = 1;

impl Encode for Receipt {
    fn encode_into(&self, out: &mut Vec<u8>) {
        match self.result {
            Ok(fee) => {
                out.push(DONE);
                out.extend_from_slice(&fee.to_sat().to_le_bytes());
            }
            Err(name) => {
                out.push(REFUSED);
                put_bytes(name.as_bytes(), out);
            }
        }
    }
}

/// A name that no reason has is refused as a tag: its first byte, or 0 if it is empty.
impl Decode for Receipt {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let result = match reader.u8()? {
            DONE => Ok(read_amount(reader)?),
            REFUSED => Err(read_name(reader)?),
            tag => {
                let what = "result of a transaction";
                return Err(DecodeError::UnknownTag { what, tag });
            }
        };
        Ok(Self { result })
    }
}

fn read_name(reader: &mut Reader<'_>) -> Result<&'static str, DecodeError> {
    let bytes = reader.bytes()?;
    let mut names = Reject::NAMES.iter().copied();
    names
        .find(|name| name.as_bytes() == bytes)
        .ok_or(DecodeError::UnknownTag {
            what: "reason to refuse",
            tag: bytes.first().copied().unwrap_or(0),
        })
}
