//! What slot protocols decide, and what comes of it.

use alloc::{sync::Arc, vec::Vec};

use chain::{
    BlockId, Decode, DecodeError, Encode, PeerId, Reader, Seat, Time, put_bytes, put_compact_size,
    put_list,
};

/// What stands in a slot. It names no parent: replicas that decide out of order do not know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// When it was proposed, by the proposer's clock.
    pub time: Time,
    /// Who proposed it.
    pub proposer: Seat,
    /// What is to be done.
    pub body: Body,
}

/// What a slot is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing: a leader's first entry of a term, or a gap that a view change fills.
    Noop,
    /// Requests, carried out in this order.
    Requests(Vec<Request>),
    /// Who agrees from here on. It is for the protocol alone: nothing is carried out.
    Config(Config),
}

/// Who takes part in agreeing: a configuration (Ongaro & Ousterhout 2014, section 6). Each list has
/// each seat once, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Whose majority decides.
    pub voters: Vec<Seat>,
    /// Whose majority has to agree as well, while one set of voters gives way to another (joint
    /// consensus); empty at all other times.
    pub outgoing: Vec<Seat>,
    /// Who is sent everything and does not count (Ongaro's dissertation, 2014, section 4.2.1).
    pub learners: Vec<Seat>,
}

/// A client's wish. Client and number name it: it is carried out at most once, however often it is
/// decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who wants it.
    pub client: PeerId,
    /// Counts the client's requests, from 1. A client has one under way at a time.
    pub number: u64,
    /// The transaction; only ledgers can read it.
    pub tx: Arc<[u8]>,
}

/// A slot that was executed.
#[derive(Clone, Copy, Debug)]
pub struct Executed<'a> {
    /// Which.
    pub slot: u64,
    /// The block that came of it; `None` for a slot in which nothing was to be done.
    pub block: Option<BlockId>,
    /// A receipt for each of its requests.
    pub receipts: &'a [Receipt],
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Whose it was.
    pub client: PeerId,
    /// Which of the client's.
    pub number: u64,
    /// The ledger's receipt; that of the first time, if it had been carried out before.
    pub receipt: Arc<[u8]>,
}

const NOOP: u8 = 0;
const REQUESTS: u8 = 1;
const CONFIG: u8 = 2;
/// No request is shorter, in bytes: a name, a number, the length of nothing.
const LEAST_REQUEST: u32 = 32 + 8 + 1;
/// The length of a seat in bytes.
const SEAT: u32 = 4;

impl Encode for Request {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.client.as_bytes());
        out.extend_from_slice(&self.number.to_le_bytes());
        put_bytes(&self.tx, out);
    }
}

impl Decode for Request {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            client: PeerId::from_bytes(reader.array()?),
            number: reader.u64()?,
            tx: reader.bytes()?.into(),
        })
    }
}

impl Config {
    /// Whether a seat votes, if only as one of those who are to leave.
    #[must_use]
    pub fn is_voter(&self, seat: Seat) -> bool {
        self.voters.contains(&seat) || self.outgoing.contains(&seat)
    }
}

impl Encode for Config {
    fn encode_into(&self, out: &mut Vec<u8>) {
        for seats in [&self.voters, &self.outgoing, &self.learners] {
            put_compact_size(seats.len() as u64, out);
            seats
                .iter()
                .for_each(|seat| out.extend_from_slice(&seat.0.to_le_bytes()));
        }
    }
}

impl Decode for Config {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            voters: read_seats(reader)?,
            outgoing: read_seats(reader)?,
            learners: read_seats(reader)?,
        })
    }
}

/// Seats that rise, so that one set has one encoding.
fn read_seats(reader: &mut Reader<'_>) -> Result<Vec<Seat>, DecodeError> {
    let count = reader.count(SEAT)?;
    let mut seats: Vec<Seat> = Vec::new();
    for index in 0..count as u64 {
        let seat = Seat(reader.u32()?);
        if seats.last().is_some_and(|last| *last >= seat) {
            return Err(DecodeError::OutOfOrder { index });
        }
        seats.push(seat);
    }
    Ok(seats)
}

impl Encode for Proposal {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.time.0.to_le_bytes());
        out.extend_from_slice(&self.proposer.0.to_le_bytes());
        match &self.body {
            Body::Noop => out.push(NOOP),
            Body::Requests(requests) => {
                out.push(REQUESTS);
                put_list(requests, out);
            }
            Body::Config(config) => {
                out.push(CONFIG);
                config.encode_into(out);
            }
        }
    }
}

impl Proposal {
    /// Reads the configuration that an encoded proposal brings, if it brings one, and no requests: whoever
    /// looks at every proposal for that need not decode them.
    ///
    /// # Errors
    /// It ends too early, or its configuration is none.
    pub fn read_config(reader: &mut Reader<'_>) -> Result<Option<Config>, DecodeError> {
        let (_, _, tag) = read_head(reader)?;
        let config = (tag == CONFIG).then(|| Config::decode_from(reader));
        config.transpose()
    }
}

/// When it was proposed, by whom, and the tag of its body.
fn read_head(reader: &mut Reader<'_>) -> Result<(Time, Seat, u8), DecodeError> {
    Ok((Time(reader.u64()?), Seat(reader.u32()?), reader.u8()?))
}

impl Decode for Proposal {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (time, proposer, tag) = read_head(reader)?;
        let body = match tag {
            NOOP => Body::Noop,
            REQUESTS => Body::Requests(reader.list(LEAST_REQUEST)?),
            CONFIG => Body::Config(Config::decode_from(reader)?),
            tag => {
                let what = "proposal";
                return Err(DecodeError::UnknownTag { what, tag });
            }
        };
        Ok(Self {
            time,
            proposer,
            body,
        })
    }
}
