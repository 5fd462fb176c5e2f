//! Words events as sentences.

use chain::{BlockId, CompactTarget, Height, PeerId, Txid, U256};
use kit::lang::{Lang, plural};
use protocol::Event;
use wire::{Damage, Happening};

use super::reasons;

/// How a number is written in the reader's language.
pub type Format<'a> = &'a dyn Fn(u64) -> String;

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words.
    Say(String),
    /// The node or nodes that it happened to.
    Me,
    /// A node, by seat; `None` for an unknown one.
    Node(Option<u32>),
    /// A block to click: its id and, if known, its height.
    Block(BlockId, Option<Height>),
    /// Text from outside, shown as it is.
    Outside(String),
}

/// A sentence in the requested language; a missing translation does not compile.
macro_rules! sentence {
    ($lang:expr, en: [$($en:expr),* $(,)?], zh: [$($zh:expr),* $(,)?] $(,)?) => {
        match $lang {
            Lang::En => vec![$(Part::from($en)),*],
            Lang::Zh => vec![$(Part::from($zh)),*],
        }
    };
}

impl From<&str> for Part {
    fn from(words: &str) -> Self {
        Self::Say(words.to_owned())
    }
}

impl From<String> for Part {
    fn from(words: String) -> Self {
        Self::Say(words)
    }
}

/// An event as a sentence, whose numbers are formatted by `whole` and `milli`. `reign` is what the room's
/// protocol calls the time of one leader.
pub fn sentence(
    lang: Lang,
    what: &Happening,
    reign: &str,
    whole: Format<'_>,
    milli: Format<'_>,
) -> Vec<Part> {
    match what {
        Happening::InNode { event, miner, .. } => in_node(lang, event, *miner, reign, whole, milli),
        Happening::Damaged(what) => damaged(lang, what),
        Happening::TabJoined { label } => sentence!(lang,
            en: [format!("Tab {label} appeared")],
            zh: [format!("标签页 {label} 出现了")],
        ),
        Happening::TabLeft { label } => sentence!(lang,
            en: [format!("Tab {label} is gone")],
            zh: [format!("标签页 {label} 已离开")],
        ),
        Happening::TabOnline { label, online } => sentence!(lang,
            en: [format!("Tab {label} "), joined(lang, *online)],
            zh: [format!("标签页 {label} "), joined(lang, *online)],
        ),
        Happening::NodeOnline { seat, online } => {
            vec![
                Part::Node(Some(*seat)),
                " ".into(),
                joined(lang, *online).into(),
            ]
        }
        Happening::MiningStarted => {
            sentence!(lang, en: ["Mining started"], zh: ["开始挖矿"])
        }
        Happening::MiningStopped => {
            sentence!(lang, en: ["Mining stopped"], zh: ["停止挖矿"])
        }
        Happening::WorkerRestarted => sentence!(lang,
            en: ["A mining worker died and was replaced"],
            zh: ["一个挖矿工作线程退出，已被替换"],
        ),
        Happening::Resumed => sentence!(lang,
            en: ["This tab was frozen and is back; its nodes have restarted"],
            zh: ["标签页曾被冻结，现已恢复；其节点已重启"],
        ),
        Happening::LockStolen => sentence!(lang,
            en: ["Another page took this tab's lock away; its nodes are back under other names"],
            zh: ["另一个页面夺走了此标签页的锁；其节点已换用其他身份恢复运行"],
        ),
        Happening::Reset => {
            sentence!(lang, en: ["The room was reset"], zh: ["房间已重置"])
        }
        Happening::ResetUndone => {
            sentence!(lang, en: ["The reset was undone"], zh: ["重置已撤销"])
        }
        Happening::Garbage { count } => {
            let count = whole(u64::from(*count));
            sentence!(lang,
                en: [format!("Dropped {} that made no sense", plural(&count, "message", "messages"))],
                zh: [format!("丢弃了 {count} 条无法理解的消息")],
            )
        }
    }
}

fn in_node(
    lang: Lang,
    event: &Event,
    miner: Option<u32>,
    reign: &str,
    whole: Format<'_>,
    milli: Format<'_>,
) -> Vec<Part> {
    use Part::{Me, Node};
    match event {
        Event::Found { block, height } => sentence!(lang,
            en: [Me, " found ", at(block, *height)],
            zh: [Me, " 挖到了", at(block, *height)],
        ),
        Event::Extended { block, height, .. } => sentence!(lang,
            en: [Me, " accepted ", at(block, *height), " found by ", Node(miner)],
            zh: [Me, " 接受了 ", Node(miner), " 挖到的", at(block, *height)],
        ),
        Event::Rival { block, height } => sentence!(lang,
            en: [Me, " saw a rival ", at(block, *height), " found by ", Node(miner)],
            zh: [Me, " 收到 ", Node(miner), " 挖到的竞争", at(block, *height)],
        ),
        Event::Reorganised {
            to,
            height,
            disconnected,
            connected,
            ..
        } => reorganised(lang, at(to, *height), *disconnected, *connected, whole),
        Event::Retargeted {
            height,
            before,
            after,
        } => retargeted(lang, *height, harder(*before, *after), milli),
        Event::SyncStarted { goal, .. } => sentence!(lang,
            en: [Me, format!(" started to catch up to height {goal}")],
            zh: [Me, format!(" 开始同步到高度 {goal}")],
        ),
        Event::SyncDone { height } => sentence!(lang,
            en: [Me, format!(" caught up at height {height}")],
            zh: [Me, format!(" 已同步到高度 {height}")],
        ),
        Event::Restored { height } => sentence!(lang,
            en: [Me, format!(" came back from storage at height {height}")],
            zh: [Me, format!(" 已从存储恢复到高度 {height}")],
        ),
        Event::Rejected { block, reason, .. } => rejected(lang, block, reason),
        Event::Misbehaved { peer, reason } => misbehaved(lang, peer, reason),
        Event::Damaged { what } => unread(lang, what),
        Event::TxAccepted { txid, .. } => sentence!(lang,
            en: [Me, " took in transaction ", short(txid)],
            zh: [Me, " 收到交易 ", short(txid)],
        ),
        Event::TxReturned { txid } => sentence!(lang,
            en: [Me, " took transaction ", short(txid), " back: its block was undone"],
            zh: [Me, " 取回了交易 ", short(txid), "：其区块已被撤销"],
        ),
        Event::TxDropped { txid, reason, by } => dropped(lang, txid, reason, by.as_ref()),
        Event::Leads { epoch } => sentence!(lang,
            en: [Me, format!(" leads in {reign} {epoch}")],
            zh: [Me, format!(" 在第 {epoch} 个{reign}中领导")],
        ),
        Event::SnapshotTaken { slot } => sentence!(lang,
            en: [Me, format!(" took a snapshot after slot {slot}")],
            zh: [Me, format!(" 在第 {slot} 个槽之后生成了快照")],
        ),
        Event::SnapshotInstalled { slot } => sentence!(lang,
            en: [Me, format!(" goes on from another node's snapshot, after slot {slot}")],
            zh: [Me, format!(" 安装了其他节点的快照，从第 {slot} 个槽之后继续")],
        ),
        Event::StepsDown { epoch } => sentence!(lang,
            en: [Me, format!(" no longer leads in {reign} {epoch}")],
            zh: [Me, format!(" 不再领导第 {epoch} 个{reign}")],
        ),
        Event::Reconfigures {
            voters,
            outgoing,
            learners,
        } => reconfigures(lang, voters, outgoing, learners),
    }
}

fn reconfigures(lang: Lang, voters: &[u32], outgoing: &[u32], learners: &[u32]) -> Vec<Part> {
    let list = |name: &str, seats: &[u32]| {
        let seats: Vec<String> = seats.iter().map(u32::to_string).collect();
        match seats.is_empty() {
            true => String::new(),
            false => format!(" [{name} {}]", seats.join(", ")),
        }
    };
    let (outgoing, learners) = match lang {
        Lang::En => (list("leaving", outgoing), list("learning", learners)),
        Lang::Zh => (list("退出", outgoing), list("学习", learners)),
    };
    let now = match lang {
        Lang::En => list("voting", voters),
        Lang::Zh => list("投票", voters),
    };
    sentence!(lang,
        en: [Part::Me, format!(" changes who takes part:{now}{outgoing}{learners}")],
        zh: [Part::Me, format!(" 变更成员：{now}{outgoing}{learners}")],
    )
}

fn reorganised(
    lang: Lang,
    tip: Part,
    disconnected: u32,
    connected: u32,
    whole: Format<'_>,
) -> Vec<Part> {
    let undone = whole(u64::from(disconnected));
    let applied = whole(u64::from(connected));
    let blocks = plural(&undone, "block", "blocks");
    sentence!(lang,
        en: [Part::Me, " switched branch to ", tip, format!(": {blocks} undone, {applied} applied")],
        zh: [Part::Me, " 重组到", tip, format!("：撤销 {undone} 个区块，应用 {applied} 个区块")],
    )
}

fn rejected(lang: Lang, block: &BlockId, reason: &str) -> Vec<Part> {
    use Part::{Me, Outside};
    let block = Part::Block(*block, None);
    let (why, code) = (
        reasons::words_of(reason).of(lang),
        Outside(reason.to_owned()),
    );
    sentence!(lang,
        en: [Me, " refused block ", block, ": ", why, " (", code, ")"],
        zh: [Me, " 拒绝了区块 ", block, "：", why, "（", code, "）"],
    )
}

/// A transaction waits no longer.
fn dropped(lang: Lang, txid: &Txid, reason: &str, by: Option<&Txid>) -> Vec<Part> {
    use Part::Me;
    let (why, tx) = (reasons::words_of(reason).of(lang), short(txid));
    let by = by.map(|by| format!(" ({})", short(by))).unwrap_or_default();
    sentence!(lang,
        en: [Me, " dropped transaction ", tx, ": ", why, by],
        zh: [Me, " 丢弃了交易 ", tx, "：", why, by],
    )
}

/// The beginning of a transaction's id, as it is shown.
fn short(txid: &Txid) -> String {
    let mut digits = txid.to_string();
    digits.truncate(8);
    digits
}

fn misbehaved(lang: Lang, peer: &PeerId, reason: &str) -> Vec<Part> {
    use Part::{Me, Outside};
    let (peer, reason) = (Outside(format!("{peer:x}")), Outside(reason.to_owned()));
    sentence!(lang,
        en: [Me, " heard nonsense from ", peer, " (", reason, ")"],
        zh: [Me, " 收到来自 ", peer, " 的无效消息（", reason, "）"],
    )
}

/// A node could not read what it had saved.
fn unread(lang: Lang, what: &str) -> Vec<Part> {
    let what = Part::Outside(what.to_owned());
    sentence!(lang, en: ["Saved data was damaged: ", what], zh: ["保存的数据已损坏：", what])
}

fn damaged(lang: Lang, what: &Damage) -> Vec<Part> {
    match what {
        Damage::Generation => sentence!(lang,
            en: ["Saved data was damaged: which of the room's chains is current"],
            zh: ["保存的数据已损坏：房间当前使用哪条链"],
        ),
        Damage::Identities(count) => sentence!(lang,
            en: [match count {
                1 => "Saved data was damaged: an identity of this browser".to_owned(),
                _ => format!("Saved data was damaged: {count} identities of this browser"),
            }],
            zh: [format!("保存的数据已损坏：此浏览器的 {count} 个身份")],
        ),
    }
}

fn retargeted(lang: Lang, height: Height, harder_milli: u64, milli: Format<'_>) -> Vec<Part> {
    let en = match harder_milli {
        1000 => "the target stays the same".to_owned(),
        harder @ 1001.. => format!("{}× harder", milli(harder)),
        easier => format!("{}× easier", milli(1_000_000 / easier.max(1))),
    };
    let zh = match harder_milli {
        1000 => "目标值不变".to_owned(),
        ratio => format!("难度变为 {} 倍", milli(ratio)),
    };
    sentence!(lang,
        en: [format!("Target adjusted at height {height}: {en}")],
        zh: [format!("在高度 {height} 调整目标值：{zh}")],
    )
}

/// The new difficulty divided by the old one, that is, the old target divided by the new one, in
/// thousandths.
fn harder(before: CompactTarget, after: CompactTarget) -> u64 {
    let (before, after) = (before.expand().target.0, after.expand().target.0);
    let shift = after.bit_len().saturating_sub(40);
    // 40 bits are precise enough, and a 256-bit division would be a lot of code.
    let digits = |target: U256| u64::try_from(target >> shift).unwrap_or(u64::MAX);
    let ratio = u128::from(digits(before)) * 1_000;
    let ratio = ratio.checked_div(u128::from(digits(after)));
    ratio
        .and_then(|ratio| u64::try_from(ratio).ok())
        .unwrap_or(u64::MAX)
}

fn joined(lang: Lang, online: bool) -> &'static str {
    match (lang, online) {
        (Lang::En, true) => "reconnected",
        (Lang::En, false) => "was cut off",
        (Lang::Zh, true) => "已重新接入",
        (Lang::Zh, false) => "已断开",
    }
}

fn at(block: &BlockId, height: Height) -> Part {
    Part::Block(*block, Some(height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::log::kind::Kind;
    use crate::samples::samples;

    fn in_nodes() -> Vec<Event> {
        let (block, peer) = (BlockId::from_bytes([7; 32]), PeerId::from_bytes([9; 32]));
        let (height, from) = (Height(5), Some(peer));
        let (low, high) = (CompactTarget(0x1c00_ffff), CompactTarget(0x1d00_ffff));
        let retargeted = |(before, after)| Event::Retargeted {
            height,
            before,
            after,
        };
        let reason = "high-hash".to_owned();
        let (txid, fee) = (Txid::from_bytes([5; 32]), chain::Amount::COIN);
        let dropped = |by| Event::TxDropped {
            txid,
            reason: "replaced".to_owned(),
            by,
        };
        samples! {
            Event::Found { .. } => [Event::Found { block, height }],
            Event::Extended { .. } => [Event::Extended { block, height, from }],
            Event::Rival { .. } => [Event::Rival { block, height }],
            Event::Reorganised { .. } => [Event::Reorganised {
                from: BlockId::ZERO,
                to: block,
                height,
                disconnected: 2,
                connected: 3,
            }],
            Event::Rejected { .. } => [Event::Rejected { block, reason: reason.clone(), from }],
            Event::Misbehaved { .. } => [Event::Misbehaved { peer, reason }],
            Event::Retargeted { .. } => [(high, low), (low, high), (high, high)].map(retargeted),
            Event::SyncStarted { .. } => [Event::SyncStarted { peer, goal: height }],
            Event::SyncDone { .. } => [Event::SyncDone { height }],
            Event::Restored { .. } => [Event::Restored { height }],
            Event::TxAccepted { .. } => [Event::TxAccepted { txid, fee, from }],
            Event::TxReturned { .. } => [Event::TxReturned { txid }],
            Event::TxDropped { .. } => [None, Some(Txid::ZERO)].map(dropped),
            Event::Damaged { .. } => [Event::Damaged { what: "blocks".to_owned() }],
            Event::Leads { .. } => [Event::Leads { epoch: 3 }],
            Event::SnapshotTaken { .. } => [Event::SnapshotTaken { slot: 1000 }],
            Event::SnapshotInstalled { .. } => [Event::SnapshotInstalled { slot: 1000 }],
            Event::StepsDown { .. } => [Event::StepsDown { epoch: 3 }],
            Event::Reconfigures { .. } => [Event::Reconfigures {
                voters: vec![0, 1, 2],
                outgoing: vec![0, 3],
                learners: vec![4],
            }],
        }
    }

    fn everything() -> Vec<Happening> {
        use Happening::*;
        let (seat, label, miner, online) = (1, 2, Some(3), false);
        let in_node = |event| InNode { seat, event, miner };
        let damage = samples! {
            Damage::Generation => [Damage::Generation],
            Damage::Identities(_) => [1, 2].map(Damage::Identities),
        };
        samples! {
            InNode { .. } => in_nodes().into_iter().map(in_node),
            Damaged(_) => damage.into_iter().map(Damaged),
            TabJoined { .. } => [TabJoined { label }],
            TabLeft { .. } => [TabLeft { label }],
            TabOnline { .. } => [TabOnline { label, online }],
            NodeOnline { .. } => [NodeOnline { seat, online }],
            MiningStarted => [MiningStarted],
            MiningStopped => [MiningStopped],
            WorkerRestarted => [WorkerRestarted],
            Resumed => [Resumed],
            LockStolen => [LockStolen],
            Reset => [Reset],
            ResetUndone => [ResetUndone],
            Garbage { .. } => [Garbage { count: 1 }],
        }
    }

    /// The parts that are not words, sorted, because word order differs between languages.
    fn things(parts: &[Part]) -> Vec<String> {
        let things = parts.iter().filter(|part| !matches!(part, Part::Say(_)));
        let mut things: Vec<String> = things.map(|part| format!("{part:?}")).collect();
        things.sort();
        things
    }

    #[test]
    fn every_event_is_a_sentence_in_each_language() {
        let number = |value: u64| value.to_string();
        for what in everything() {
            let of = |lang: Lang| sentence(lang, &what, "term", &number, &number);
            let (en, zh) = (of(Lang::En), of(Lang::Zh));
            assert!(!en.is_empty() && en != zh, "{what:?}");
            assert_eq!(
                things(&en),
                things(&zh),
                "both name the same blocks and nodes: {what:?}"
            );
        }
    }

    #[test]
    fn every_event_has_a_filter() {
        for what in everything() {
            assert!(Kind::ALL.contains(&Kind::of(&what)), "{what:?}");
        }
    }

    #[test]
    fn difficulty_rises_as_the_target_falls() {
        let bits = CompactTarget;
        assert_eq!(harder(bits(0x1d00_ffff), bits(0x1d00_ffff)), 1_000);
        assert_eq!(harder(bits(0x2000_ffff), bits(0x1f3f_ffc0)), 4_000);
        assert_eq!(harder(bits(0x1f3f_ffc0), bits(0x2000_ffff)), 250);
        assert_eq!(harder(bits(0x207f_ffff), bits(0x0300_0001)), u64::MAX);
        assert_eq!(harder(bits(0), bits(0)), u64::MAX);
    }
}
