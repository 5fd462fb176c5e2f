//! The events as sentences.

use super::plural;
use crate::texts::Part;
use wire::{Damage, Happening};

/// See [`Log::sentence`](crate::texts::Log).
pub fn sentence(
    what: &Happening,
    whole: &dyn Fn(u64) -> String,
    milli: &dyn Fn(u64) -> String,
) -> Vec<Part> {
    let joined = |online: bool| {
        if online {
            " joined again"
        } else {
            " was cut off"
        }
    };
    match what {
        Happening::Found { hash, height } => vec![Part::Me, say(" found "), block(hash, *height)],
        Happening::Extended {
            hash,
            height,
            miner,
        } => {
            vec![
                Part::Me,
                say(" accepted "),
                block(hash, *height),
                say(" found by "),
                Part::Node(*miner),
            ]
        }
        Happening::Rival {
            hash,
            height,
            miner,
        } => vec![
            Part::Me,
            say(" met a rival "),
            block(hash, *height),
            say(" found by "),
            Part::Node(*miner),
        ],
        Happening::Reorganised {
            hash,
            height,
            undone,
            applied,
        } => {
            let undone = plural(&whole(u64::from(*undone)), "block", "blocks");
            let applied = whole(u64::from(*applied));
            let rest = format!(": {undone} undone, {applied} applied");
            vec![
                Part::Me,
                say(" switched branch to "),
                block(hash, *height),
                say(rest),
            ]
        }
        Happening::Rejected { hash, reason } => rejected(hash, reason),
        Happening::Misbehaved { peer, reason } => misbehaved(peer, reason),
        Happening::Retargeted {
            height,
            harder_milli,
        } => retargeted(*height, *harder_milli, milli),
        Happening::SyncStarted { goal } => {
            vec![
                Part::Me,
                say(format!(" began to catch up to height {goal}")),
            ]
        }
        Happening::SyncDone { height } => {
            vec![Part::Me, say(format!(" caught up at height {height}"))]
        }
        Happening::Restored { height } => {
            vec![
                Part::Me,
                say(format!(" came back from storage at height {height}")),
            ]
        }
        Happening::Damaged { what } => {
            vec![say("Saved data was damaged: "), damaged(what)]
        }
        Happening::TabJoined { label } => vec![say(format!("Tab {label} appeared"))],
        Happening::TabLeft { label } => vec![say(format!("Tab {label} is gone"))],
        Happening::TabOnline { label, online } => {
            vec![say(format!("Tab {label}{}", joined(*online)))]
        }
        Happening::NodeOnline { seat, online } => {
            vec![Part::Node(Some(*seat)), say(joined(*online))]
        }
        Happening::MiningStarted => vec![say("Mining started")],
        Happening::MiningStopped => vec![say("Mining stopped")],
        Happening::WorkerRestarted => vec![say("A mining worker died and was replaced")],
        Happening::Resumed => vec![say("The tab was frozen and is back; its nodes restarted")],
        Happening::Reset => vec![say("The room was reset")],
        Happening::ResetUndone => vec![say("The reset was undone")],
        Happening::Garbage { count } => {
            let messages = plural(&whole(u64::from(*count)), "message", "messages");
            vec![say(format!("Dropped {messages} that made no sense"))]
        }
    }
}

fn rejected(hash: &str, reason: &str) -> Vec<Part> {
    vec![
        Part::Me,
        say(" refused block "),
        Part::Block(hash.to_owned(), None),
        say(": "),
        say(reason_text(reason).unwrap_or("it breaks a rule")),
        say(" ("),
        Part::Outside(reason.to_owned()),
        say(")"),
    ]
}

fn misbehaved(peer: &str, reason: &str) -> Vec<Part> {
    vec![
        Part::Me,
        say(" heard nonsense from "),
        Part::Outside(peer.to_owned()),
        say(" ("),
        Part::Outside(reason.to_owned()),
        say(")"),
    ]
}

fn retargeted(height: u32, harder_milli: u64, milli: &dyn Fn(u64) -> String) -> Vec<Part> {
    let change = match harder_milli {
        1000 => "the target stays the same".to_owned(),
        harder @ 1001.. => format!("{}× harder", milli(harder)),
        easier => format!("{}× easier", milli(1_000_000 / easier.max(1))),
    };
    vec![say(format!(
        "Target adjusted at height {}: {change}",
        height
    ))]
}

fn reason_text(code: &str) -> Option<&'static str> {
    Some(match code {
        "high-hash" => "its hash is above the target",
        "bad-diffbits" => "it names the wrong target",
        "time-too-old" => "its time is not after the median of the last 11 blocks",
        "time-too-new" => "its time lies in the future",
        "bad-prevblk" => "it builds on an invalid block",
        "bad-txnmrklroot" => "its Merkle root does not fit its transactions",
        "bad-txns-duplicate" => "it repeats transactions",
        "bad-cb-amount" => "it pays itself too much",
        "bad-cb-missing" => "its first transaction is not a coinbase",
        "bad-blk-length" => "it is too large or empty",
        _ => return None,
    })
}

fn say(text: impl Into<String>) -> Part {
    Part::Say(text.into())
}

fn block(hash: &str, height: u32) -> Part {
    Part::Block(hash.to_owned(), Some(height))
}

fn damaged(what: &Damage) -> Part {
    match what {
        Damage::Node(what) => Part::Outside(what.clone()),
        Damage::Generation => say("which chain of the room counts"),
        Damage::Identities(1) => say("an identity of this browser"),
        Damage::Identities(count) => say(format!("{count} identities of this browser")),
    }
}
