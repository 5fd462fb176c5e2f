//! What replicas and clients say to each other.

use alloc::{sync::Arc, vec::Vec};

use chain::{Decode, DecodeError, Encode, Reader, Seat, put_bytes, put_list};
use protocol::{Config, Proposal};

/// The number of a reign: each has at most one leader. The first is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term(pub u64);

/// A place in the log, which is also the slot that it fills. The first is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Index(pub u64);

/// One line of the log. Term and index together name it (log matching, paper section 5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The term of the leader that wrote it.
    pub term: Term,
    /// What it puts into its slot.
    pub proposal: Arc<Proposal>,
}

/// An entry's name. The one before the first entry is `(0, 0)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// Where it stands.
    pub index: Index,
    /// Whose it is.
    pub term: Term,
}

/// A configuration and the entry that brings it; index 0 if it was there from the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// Where it stands in the log.
    pub since: Index,
    /// Who takes part.
    pub config: Arc<Config>,
}

/// Whether a vote would be given or is given, and why it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// "Would you?": promises nothing and changes no term (dissertation section 9.6).
    Pre,
    /// A vote, of which a replica has one a term.
    Real,
    /// The same, asked for because the leader itself said so: it is given although that leader is heard
    /// (dissertation section 4.2.3).
    Transfer,
}

impl Term {
    /// The next term; `None` after the last one that 64 bits can count, which only a lie can reach.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl Index {
    /// The index `count` places further on; the greatest one if there is none.
    #[must_use]
    pub fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// The next index.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus(1)
    }

    /// The index before; that of index 0 is 0.
    #[must_use]
    pub fn prev(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

/// All that is said (paper figure 2; pre-vote is the dissertation's section 9.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A candidate asks for a vote: RequestVote.
    AskVote {
        /// In earnest or not.
        stage: Stage,
        /// The term that the vote is for; of a pre-vote, the one that it would be for.
        term: Term,
        /// The last entry of the candidate's log.
        last: Point,
    },
    /// The answer to that.
    Voted {
        /// The stage that was asked about.
        stage: Stage,
        /// The term that was asked about if granted, and the voter's own if not.
        term: Term,
        /// Yes or no.
        granted: bool,
    },
    /// A leader's entries, or none to say that it lives: AppendEntries.
    Append {
        /// The leader's term.
        term: Term,
        /// The entry before the first of these.
        prev: Point,
        /// How far the leader's log is committed.
        commit: Index,
        /// What comes after `prev`.
        entries: Vec<Entry>,
    },
    /// The answer to that.
    Appended {
        /// The follower's term.
        term: Term,
        /// What became of it.
        outcome: Outcome,
    },
    /// A piece of a leader's snapshot, for a follower that lacks what the leader's log no longer has:
    /// InstallSnapshot (paper section 7).
    Install {
        /// The leader's term.
        term: Term,
        /// The last entry that the snapshot stands for.
        last: Point,
        /// The configuration that holds there, unless it is the one from the beginning.
        configured: Option<Configured>,
        /// How many bytes the whole has.
        len: u64,
        /// How many of them come before this piece.
        offset: u64,
        /// The piece.
        piece: Arc<[u8]>,
    },
    /// The answer to a piece, unless the whole is installed: then it is [`Message::Appended`].
    Received {
        /// The follower's term.
        term: Term,
        /// Which snapshot.
        last: Point,
        /// How many of its bytes are here, from the first on.
        have: u64,
    },
    /// A leader asks who still follows it, for the reads that wait: a heartbeat that is answered by its
    /// own number (dissertation section 6.4).
    Confirm {
        /// The leader's term.
        term: Term,
        /// Counts the leader's rounds of asking in this term, from 1.
        round: u64,
    },
    /// The answer to that, from who does.
    Confirmed {
        /// The follower's term.
        term: Term,
        /// Which round.
        round: u64,
    },
    /// A leader asks a member that has its whole log to take over at once: TimeoutNow (dissertation
    /// section 3.10).
    TimeoutNow {
        /// The leader's term.
        term: Term,
    },
    /// A client wants something done. Its name is the sender's.
    Request {
        /// Counts the client's requests, from 1.
        number: u64,
        /// The transaction.
        tx: Arc<[u8]>,
    },
    /// The one that was asked does not lead.
    NotLeader {
        /// The request that it was asked for.
        number: u64,
        /// Who does, as far as it knows.
        leader: Option<Seat>,
    },
    /// A request has been executed.
    Reply {
        /// Which of the client's.
        number: u64,
        /// The ledger's receipt.
        receipt: Arc<[u8]>,
    },
}

/// What a follower made of a leader's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its log equals the leader's up to here, and is durable.
    Matched(Index),
    /// It has no such `prev`. The rest lets the leader skip a whole term at a time (end of the paper's
    /// section 5.3).
    Conflict {
        /// The index of the `prev` that it lacks.
        at: Index,
        /// The term of what it has there instead and the first index of that term; if it has nothing
        /// there, no term and the index after its last.
        instead: (Option<Term>, Index),
    },
    /// They came from a term that is over.
    Stale,
}

/// No entry is shorter, in bytes: a term, a time, a seat, a tag.
const LEAST_ENTRY: u32 = 8 + 8 + 4 + 1;

const ASK_VOTE: u8 = 0;
const VOTED: u8 = 1;
const APPEND: u8 = 2;
const APPENDED: u8 = 3;
const REQUEST: u8 = 4;
const NOT_LEADER: u8 = 5;
const REPLY: u8 = 6;
const INSTALL: u8 = 7;
const RECEIVED: u8 = 8;
const CONFIRM: u8 = 9;
const CONFIRMED: u8 = 10;
const TIMEOUT_NOW: u8 = 11;
/// The same as [`INSTALL`], with a configuration.
const INSTALL_CONFIGURED: u8 = 12;

impl Encode for Entry {
    fn encode_into(&self, out: &mut Vec<u8>) {
        put_u64(self.term.0, out);
        self.proposal.encode_into(out);
    }
}

impl Decode for Entry {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            term: Term(reader.u64()?),
            proposal: Arc::new(Proposal::decode_from(reader)?),
        })
    }
}

impl Encode for Configured {
    fn encode_into(&self, out: &mut Vec<u8>) {
        put_u64(self.since.0, out);
        self.config.encode_into(out);
    }
}

impl Decode for Configured {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            since: Index(reader.u64()?),
            config: Arc::new(Config::decode_from(reader)?),
        })
    }
}

impl Encode for Message {
    fn encode_into(&self, out: &mut Vec<u8>) {
        match self {
            Self::AskVote { stage, term, last } => {
                out.extend_from_slice(&[ASK_VOTE, stage_byte(*stage)]);
                put_u64(term.0, out);
                put_point(*last, out);
            }
            Self::Voted {
                stage,
                term,
                granted,
            } => {
                out.extend_from_slice(&[VOTED, stage_byte(*stage), flag(*granted)]);
                put_u64(term.0, out);
            }
            Self::Append {
                term,
                prev,
                commit,
                entries,
            } => {
                out.push(APPEND);
                put_u64(term.0, out);
                put_point(*prev, out);
                put_u64(commit.0, out);
                put_list(entries, out);
            }
            Self::Appended { term, outcome } => {
                out.push(APPENDED);
                put_u64(term.0, out);
                outcome.encode_into(out);
            }
            Self::Install {
                term,
                last,
                configured,
                len,
                offset,
                piece,
            } => {
                out.push(match configured {
                    Some(_) => INSTALL_CONFIGURED,
                    None => INSTALL,
                });
                put_u64(term.0, out);
                put_point(*last, out);
                configured.iter().for_each(|one| one.encode_into(out));
                put_u64(*len, out);
                put_u64(*offset, out);
                put_bytes(piece, out);
            }
            Self::Received { term, last, have } => {
                out.push(RECEIVED);
                put_u64(term.0, out);
                put_point(*last, out);
                put_u64(*have, out);
            }
            Self::Confirm { term, round } => {
                out.push(CONFIRM);
                put_u64(term.0, out);
                put_u64(*round, out);
            }
            Self::Confirmed { term, round } => {
                out.push(CONFIRMED);
                put_u64(term.0, out);
                put_u64(*round, out);
            }
            Self::TimeoutNow { term } => {
                out.push(TIMEOUT_NOW);
                put_u64(term.0, out);
            }
            Self::Request { number, tx } => {
                out.push(REQUEST);
                put_u64(*number, out);
                put_bytes(tx, out);
            }
            Self::NotLeader { number, leader } => {
                out.push(NOT_LEADER);
                put_u64(*number, out);
                put_seat(*leader, out);
            }
            Self::Reply { number, receipt } => {
                out.push(REPLY);
                put_u64(*number, out);
                put_bytes(receipt, out);
            }
        }
    }
}

impl Decode for Message {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.u8()? {
            ASK_VOTE => Self::AskVote {
                stage: read_stage(reader)?,
                term: Term(reader.u64()?),
                last: read_point(reader)?,
            },
            VOTED => Self::Voted {
                stage: read_stage(reader)?,
                granted: read_flag(reader)?,
                term: Term(reader.u64()?),
            },
            APPEND => Self::Append {
                term: Term(reader.u64()?),
                prev: read_point(reader)?,
                commit: Index(reader.u64()?),
                entries: reader.list(LEAST_ENTRY)?,
            },
            APPENDED => Self::Appended {
                term: Term(reader.u64()?),
                outcome: Outcome::decode_from(reader)?,
            },
            REQUEST => Self::Request {
                number: reader.u64()?,
                tx: reader.bytes()?.into(),
            },
            NOT_LEADER => Self::NotLeader {
                number: reader.u64()?,
                leader: read_seat(reader)?,
            },
            REPLY => Self::Reply {
                number: reader.u64()?,
                receipt: reader.bytes()?.into(),
            },
            tag @ (INSTALL | INSTALL_CONFIGURED) => Self::Install {
                term: Term(reader.u64()?),
                last: read_point(reader)?,
                configured: (tag == INSTALL_CONFIGURED)
                    .then(|| Configured::decode_from(reader))
                    .transpose()?,
                len: reader.u64()?,
                offset: reader.u64()?,
                piece: reader.bytes()?.into(),
            },
            RECEIVED => Self::Received {
                term: Term(reader.u64()?),
                last: read_point(reader)?,
                have: reader.u64()?,
            },
            CONFIRM => Self::Confirm {
                term: Term(reader.u64()?),
                round: reader.u64()?,
            },
            CONFIRMED => Self::Confirmed {
                term: Term(reader.u64()?),
                round: reader.u64()?,
            },
            TIMEOUT_NOW => Self::TimeoutNow {
                term: Term(reader.u64()?),
            },
            tag => return Err(unknown("message", tag)),
        })
    }
}

impl Encode for Outcome {
    fn encode_into(&self, out: &mut Vec<u8>) {
        match self {
            Self::Matched(index) => {
                out.push(0);
                put_u64(index.0, out);
            }
            Self::Conflict { at, instead } => {
                out.push(1);
                put_u64(at.0, out);
                out.push(flag(instead.0.is_some()));
                instead.0.into_iter().for_each(|term| put_u64(term.0, out));
                put_u64(instead.1.0, out);
            }
            Self::Stale => out.push(2),
        }
    }
}

impl Decode for Outcome {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.u8()? {
            0 => Self::Matched(Index(reader.u64()?)),
            1 => Self::Conflict {
                at: Index(reader.u64()?),
                instead: (read_term(reader)?, Index(reader.u64()?)),
            },
            2 => Self::Stale,
            tag => return Err(unknown("outcome", tag)),
        })
    }
}

fn put_u64(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub(super) fn put_seat(seat: Option<Seat>, out: &mut Vec<u8>) {
    out.push(flag(seat.is_some()));
    out.extend(seat.into_iter().flat_map(|seat| seat.0.to_le_bytes()));
}

pub(super) fn put_point(point: Point, out: &mut Vec<u8>) {
    put_u64(point.index.0, out);
    put_u64(point.term.0, out);
}

fn stage_byte(stage: Stage) -> u8 {
    match stage {
        Stage::Pre => 0,
        Stage::Real => 1,
        Stage::Transfer => 2,
    }
}

fn flag(yes: bool) -> u8 {
    u8::from(yes)
}

fn read_flag(reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
    match reader.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        tag => Err(unknown("flag", tag)),
    }
}

fn read_stage(reader: &mut Reader<'_>) -> Result<Stage, DecodeError> {
    match reader.u8()? {
        0 => Ok(Stage::Pre),
        1 => Ok(Stage::Real),
        2 => Ok(Stage::Transfer),
        tag => Err(unknown("stage", tag)),
    }
}

pub(super) fn read_point(reader: &mut Reader<'_>) -> Result<Point, DecodeError> {
    Ok(Point {
        index: Index(reader.u64()?),
        term: Term(reader.u64()?),
    })
}

fn read_term(reader: &mut Reader<'_>) -> Result<Option<Term>, DecodeError> {
    let is_some = read_flag(reader)?;
    is_some.then(|| reader.u64().map(Term)).transpose()
}

pub(super) fn read_seat(reader: &mut Reader<'_>) -> Result<Option<Seat>, DecodeError> {
    let is_some = read_flag(reader)?;
    is_some.then(|| reader.u32().map(Seat)).transpose()
}

fn unknown(what: &'static str, tag: u8) -> DecodeError {
    DecodeError::UnknownTag { what, tag }
}
