//! A heartbeat says that another chain of the room counts: a hint to look, never an order.
//!
//! What counts is what storage says. Where storage cannot say, a tab that has shown its lock is
//! followed only if nothing is lost by it.

use super::generation::Generation;

/// No honest tab's heartbeat is further ahead than this many resets.
const MOST_AHEAD: u32 = 1_000;

/// Whether to follow another tab to a generation that storage does not confirm.
#[must_use]
pub fn may_follow(ours: Generation, theirs: Generation, ours_is_empty: bool, kept: bool) -> bool {
    let ahead = theirs.stamp.checked_sub(ours.stamp);
    let near = ahead.is_some_and(|ahead| (1..=MOST_AHEAD).contains(&ahead));
    let chain_stays = ours_is_empty || theirs.keeps(ours.current);
    // In memory nobody else keeps what a reset put away, and people expect only one undo.
    let undo_stays = !kept || ours.undo.is_none_or(|undo| theirs.keeps(undo));
    // Bringing back the offered chain would give up the present one.
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
        // A second reset would destroy the chain that the first put away.
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
    fn a_stamp_far_ahead_is_not_followed() {
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
