//! What people must be told while it holds.

use chain::Height;
use wire::Notice;

use crate::cx::Cx;
use crate::lasting::Lasting;
use crate::session::Member;

/// People are told of a write that takes longer than this, in milliseconds.
const SLOW_WRITE_MS: u64 = 3_000;
/// Blocks dated ahead of the clock are counted up to this many.
const MOST_COUNTED: usize = 1_000;

/// All notices that hold now.
pub fn notices(cx: &Cx<'_>, l: &Lasting, member: &Member) -> Vec<Notice> {
    let now = cx.ms();
    let undo = l.store.generation().undo;
    let other_version = now < l.other_version_until;
    let held = l.held_up.iter().filter(|(_, until)| now < **until);
    let mut notices = Vec::new();
    notices.extend(undo.map(|_| Notice::UndoReset));
    notices.extend(other_version.then_some(Notice::OtherVersion));
    notices.extend(held.map(|(what, _)| Notice::HeldUp(*what)));
    notices.extend(slow_storage(now, l));
    notices.extend(damaged(l));
    notices.extend(future(cx, l, member));
    notices.extend(member.no_seat.map(Notice::NoSeat));
    notices
}

fn slow_storage(now: u64, l: &Lasting) -> Option<Notice> {
    let since = l.writer.writing_since()?;
    if now < since + SLOW_WRITE_MS {
        return None;
    }
    let seconds = u32::try_from((now - since) / 1_000).unwrap_or(u32::MAX);
    Some(Notice::SlowStorage { seconds })
}

fn damaged(l: &Lasting) -> Option<Notice> {
    let (height, records) = l.damaged?;
    let height = Height(height);
    Some(Notice::Damaged { height, records })
}

/// Whether the tip is dated so far ahead of the clock that blocks mined on it are refused.
fn future(cx: &Cx<'_>, l: &Lasting, member: &Member) -> Option<Notice> {
    let node = member.first()?;
    let now = u32::try_from(cx.wall_ms() / 1_000).unwrap_or(u32::MAX);
    let tip = node.tip().1.0;
    let time = |height: u32| Some(node.header(&node.best_at(Height(height))?)?.time.0);
    let ahead = time(tip)?.checked_sub(now)?;
    if ahead <= l.params.future_limit {
        return None;
    }
    let dated_ahead = (1..=tip)
        .rev()
        .take_while(|height| time(*height).is_some_and(|t| t > now));
    let blocks = u32::try_from(dated_ahead.take(MOST_COUNTED).count()).unwrap_or(u32::MAX);
    Some(Notice::Future { ahead, blocks })
}
