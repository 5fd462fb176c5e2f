//! Puts what nodes tell into the event log.

use chain::{BlockId, CompactTarget, PeerId};
use node::Progress;
use protocol::Event;

use super::Engine;
use crate::engine::between::tabs::News;
use crate::stream::{Damage, Happening};

/// Longest text of a node's in the log, in characters.
const LONGEST: usize = 200;

impl Engine {
    pub(super) fn tell(&mut self, node: PeerId, event: Event) {
        let seat = self.resident(&node).map(|resident| resident.identity.seat);
        if matches!(
            event,
            Event::Found { .. } | Event::Extended { .. } | Event::Reorganised { .. }
        ) {
            self.network.change(); // other tabs should see the new tip at once
        }
        self.pace.change();
        if let Some(what) = self.in_words(&node, event) {
            self.note(seat, what);
        }
    }

    fn in_words(&self, node: &PeerId, event: Event) -> Option<Happening> {
        let miner = |block: &BlockId| self.miner_of(node, block);
        Some(match event {
            Event::Found { block, height } => Happening::Found {
                hash: block.to_string(),
                height: height.0,
            },
            // A block of its own was told when it was found, and those of a sync are counted.
            Event::Extended { from: None, .. } => return None,
            Event::Extended { .. } if self.is_syncing(node) => return None,
            Event::Extended { block, height, .. } => {
                let miner = miner(&block);
                Happening::Extended {
                    hash: block.to_string(),
                    height: height.0,
                    miner,
                }
            }
            Event::Rival { block, height } => {
                let miner = miner(&block);
                Happening::Rival {
                    hash: block.to_string(),
                    height: height.0,
                    miner,
                }
            }
            Event::Reorganised {
                to,
                height,
                disconnected,
                connected,
                ..
            } => Happening::Reorganised {
                hash: to.to_string(),
                height: height.0,
                undone: disconnected,
                applied: connected,
            },
            Event::Rejected { block, reason, .. } => Happening::Rejected {
                hash: block.to_string(),
                reason: short(&reason),
            },
            Event::Misbehaved { peer, reason } => Happening::Misbehaved {
                peer: format!("{peer:x}"),
                reason: short(&reason),
            },
            Event::Retargeted {
                height,
                before,
                after,
            } => Happening::Retargeted {
                height: height.0,
                harder_milli: harder(before, after),
            },
            Event::SyncStarted { goal, .. } => Happening::SyncStarted { goal: goal.0 },
            Event::SyncDone { height } => Happening::SyncDone { height: height.0 },
            Event::Restored { height } if height.0 == 0 => return None,
            Event::Restored { height } => Happening::Restored { height: height.0 },
            Event::Damaged { what } => Happening::Damaged {
                what: Damage::Node(short(&what)),
            },
        })
    }

    fn is_syncing(&self, node: &PeerId) -> bool {
        let progress = self.host.get(node).map(node::Node::progress);
        matches!(progress, Some(Progress::Syncing { .. }))
    }

    /// News of other tabs.
    pub(super) fn announce(&mut self, news: Vec<News>) {
        for news in news {
            let what = match news {
                News::Joined { label } => Happening::TabJoined { label },
                News::Left { label } => Happening::TabLeft { label },
                News::Online { label, online } => Happening::TabOnline { label, online },
                News::NodeOnline { seat, online } => Happening::NodeOnline { seat, online },
            };
            self.note(None, what);
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// New difficulty over the old one, in thousandths: old target over the new one.
fn harder(before: CompactTarget, after: CompactTarget) -> u64 {
    let (before, after) = (before.expand().target.0, after.expand().target.0);
    let shift = after.bit_len().saturating_sub(40);
    let (before, after) = (before >> shift, after >> shift);
    let ratio = before
        .saturating_mul(chain::U256::from(1_000_u64))
        .checked_div(after);
    ratio
        .and_then(|ratio| u64::try_from(ratio).ok())
        .unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

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
