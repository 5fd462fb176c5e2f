//! Replicas that lie in Raft's own words. It tolerates none of them.

use protocol::Twist;

use super::build_as;

/// All ways to lie.
pub(super) const ALL: &[Twist] = &[Twist {
    id: "vote-twice",
    what: "votes for everybody who asks, as often as there are candidates in a term",
    build: |terms| build_as(terms, Some(Evil::VoteTwice)),
}];

/// Which rule a replica breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evil {
    /// One vote a term, and none against a leader that it hears.
    VoteTwice,
}
