//! A heartbeat says that another chain of the room counts: a hint to look, never an order.
//!
//! What counts is what storage says. Where storage cannot say it, a tab that has shown its lock is
//! followed only if nothing is lost by it.

use super::generation::Generation;

/// No heartbeat of an honest tab is so many resets ahead.
const MOST_AHEAD: u32 = 1_000;

/// What to do about a generation that another tab says counts, and that storage does not confirm.
#[must_use]
pub fn may_follow(ours: Generation, theirs: Generation, ours_is_empty: bool, kept: bool) -> bool {
    let ahead = theirs.stamp.checked_sub(ours.stamp);
    let near = ahead.is_some_and(|ahead| (1..=MOST_AHEAD).contains(&ahead));
    let chain_stays = ours_is_empty || theirs.keeps(ours.current);
    // In memory nobody else keeps what a reset put away, and one undo is all that people expect.
    let undo_stays = !kept || ours.undo.is_none_or(|undo| theirs.keeps(undo));
    // Whoever took up the offer to bring a chain back would give up the present one for it.
    let offer_is_known = ours_is_empty
        || theirs.current != ours.current
        || theirs.undo.is_none_or(|undo| ours.undo == Some(undo));
    near && chain_stays && undo_stays && offer_is_known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_that_can_be_undone_is_followed_and_one_that_destroys_is_not() {
        let ours = Generation::default();
        let reset = ours.reset();
        let forged = Generation {
            stamp: 1,
            current: 1,
            undo: None,
        };
        assert!(may_follow(ours, reset, false, true));
        assert!(!may_follow(ours, forged, false, true));
        assert!(may_follow(ours, forged, true, true), "nothing can be lost");
        // A second one would take the chain that the first put away.
        assert!(!may_follow(reset, reset.reset(), false, true));
        assert!(may_follow(reset, reset.reset(), false, false));
        assert!(may_follow(reset, reset.undone().unwrap(), true, true));
    }

    #[test]
    fn nobody_can_offer_a_chain_that_was_never_put_away() {
        let ours = Generation::default();
        let offer = Generation {
            stamp: 1,
            current: 0,
            undo: Some(7),
        };
        assert!(!may_follow(ours, offer, false, true));
        assert!(!may_follow(ours, offer, false, false));
        assert!(may_follow(ours, offer, true, true), "nothing is given up");
    }

    #[test]
    fn a_number_far_ahead_is_nobodys() {
        let ours = Generation::default();
        let far = Generation {
            stamp: u32::MAX,
            current: u32::MAX,
            undo: Some(0),
        };
        assert!(!may_follow(ours, far, false, true));
        assert!(!may_follow(ours, ours, true, true));
    }
}
