//! What members and clients say.

use std::sync::Arc;

use chain::{Decode, DecodeError, Encode, Reader, Seat, put_bytes, put_list};
use protocol::Proposal;

/// What goes round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    /// How often it was passed on.
    pub pass: u64,
    /// How many slots are taken.
    pub slots: u64,
    /// What not everybody has seen yet.
    pub lines: Vec<Line>,
}

/// What stands in a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which.
    pub slot: u64,
    /// What, and who put it there.
    pub proposal: Arc<Proposal>,
}

impl Line {
    /// Who takes it off the token.
    pub fn by(&self) -> Seat {
        self.proposal.proposer
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// "It is yours."
    Token(Token),
    /// "I have had it, with this pass." Ends the sender's resending.
    Got(u64),
    /// "I want this": a client's, by its own count.
    Request { number: u64, tx: Arc<[u8]> },
    /// "This came of it."
    Reply { number: u64, receipt: Arc<[u8]> },
}

const TOKEN: u8 = 0;
const GOT: u8 = 1;
const REQUEST: u8 = 2;
const REPLY: u8 = 3;
/// No line is shorter: a slot, a proposal's time, proposer and kind.
const LEAST_LINE: u32 = 8 + 8 + 4 + 1;

impl Encode for Line {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend(self.slot.to_le_bytes());
        self.proposal.encode_into(out);
    }
}

impl Decode for Line {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (slot, proposal) = (reader.u64()?, Proposal::decode_from(reader)?.into());
        Ok(Self { slot, proposal })
    }
}

impl Encode for Token {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend(self.pass.to_le_bytes());
        out.extend(self.slots.to_le_bytes());
        put_list(&self.lines, out);
    }
}

impl Decode for Token {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            pass: reader.u64()?,
            slots: reader.u64()?,
            lines: reader.list(LEAST_LINE)?,
        })
    }
}

impl Encode for Message {
    fn encode_into(&self, out: &mut Vec<u8>) {
        let (kind, number, bytes) = match self {
            Self::Token(token) => {
                out.push(TOKEN);
                return token.encode_into(out);
            }
            Self::Got(pass) => {
                out.push(GOT);
                return out.extend(pass.to_le_bytes());
            }
            Self::Request { number, tx } => (REQUEST, number, tx),
            Self::Reply { number, receipt } => (REPLY, number, receipt),
        };
        out.push(kind);
        out.extend(number.to_le_bytes());
        put_bytes(bytes, out);
    }
}

impl Decode for Message {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.u8()? {
            TOKEN => Self::Token(Token::decode_from(reader)?),
            GOT => Self::Got(reader.u64()?),
            REQUEST => Self::Request {
                number: reader.u64()?,
                tx: reader.bytes()?.into(),
            },
            REPLY => Self::Reply {
                number: reader.u64()?,
                receipt: reader.bytes()?.into(),
            },
            tag => {
                let what = "message of a token ring";
                return Err(DecodeError::UnknownTag { what, tag });
            }
        })
    }
}
