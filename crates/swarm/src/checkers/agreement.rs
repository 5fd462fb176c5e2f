//! In the end all tabs take part, and those of a room agree on which chain counts, and on its tip.
//!
//! Of two chains with equal work each node keeps the one it saw first, so towards the end somebody
//! in each room mines for a while: one more block brings all to the same tip, unless two are found
//! at once.

use std::collections::{BTreeMap, BTreeSet};

use chain::BlockId;
use protocol::envelope::RoomId;
use tab::Glance;
use tab::between::generation::Generation;

use super::{Checker, Scene, Seen, View};
use crate::browser::{Life, State};

/// A tab that has been running for this long, in microseconds, must take part.
const ARRIVES: u64 = 22_000_000;
/// Two blocks may tie if they are found within this many microseconds.
const AT_ONCE: u64 = 500_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Agreement {
    /// How high each room's chains were when the last mining began.
    begun: Option<BTreeMap<(RoomId, Generation), u32>>,
    /// Tips that first appeared after that, and when.
    fresh: BTreeMap<BlockId, u64>,
    damaged: bool,
}

impl Checker for Agreement {
    fn name(&self) -> &'static str {
        "agreement"
    }

    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String> {
        match seen {
            Seen::LastBlocks => {
                let chains = chains(scene).into_iter();
                self.begun = Some(
                    chains
                        .map(|(chain, tips)| (chain, highest(&tips)))
                        .collect(),
                );
            }
            Seen::Step { life, before, .. } if self.begun.is_some() => {
                let after = scene.views.get(life).map(|view| &view.glance);
                for (_, tip) in after.map(tips).unwrap_or_default() {
                    if before.nodes.iter().all(|node| node.tip != tip) {
                        self.fresh.entry(tip).or_insert(scene.now);
                    }
                }
            }
            Seen::Damaged { .. } => self.damaged = true,
            Seen::End => {
                arrived(scene)?;
                self.one_generation(scene)?;
                return self.one_tip(scene);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Agreement {
    /// A tab in memory mode need not give up a chain that only it has; all others agree on which
    /// chain counts. A damaged record of that is rewritten only once the room's lock is available.
    fn one_generation(&self, scene: &Scene<'_>) -> Result<(), String> {
        let mut rooms: BTreeMap<RoomId, (Life, Generation)> = BTreeMap::new();
        for (life, room, glance) in joined(scene).filter(|(.., glance)| glance.kept) {
            if self.damaged && scene.locks.hostage(room) {
                continue;
            }
            let ours = glance.generation;
            let (other, theirs) = *rooms.entry(room).or_insert((life, ours));
            if ours != theirs {
                return Err(format!(
                    "{other:?} is on {theirs:?}, but {life:?} is on {ours:?}"
                ));
            }
        }
        Ok(())
    }

    fn one_tip(&self, scene: &Scene<'_>) -> Result<(), String> {
        for (chain, tips) in chains(scene) {
            let height = highest(&tips);
            let before = self.begun.as_ref().and_then(|begun| begun.get(&chain));
            let mined = before.is_some_and(|before| height > *before);
            let ids: BTreeSet<BlockId> = tips.iter().map(|(_, (_, tip))| *tip).collect();
            let times = || ids.iter().filter_map(|id| self.fresh.get(id));
            let (first, last) = (times().min(), times().max());
            let at_once = first
                .zip(last)
                .is_some_and(|(first, last)| last - first <= AT_ONCE);
            let tie = !mined || (times().count() == ids.len() && at_once);
            let level = tips.iter().all(|(_, (other, _))| *other == height);
            if !level || (ids.len() > 1 && !tie) {
                return Err(format!("tabs of one room have different tips: {tips:?}"));
            }
        }
        Ok(())
    }
}

/// Where a node stands.
type Tip = (u32, BlockId);

fn settled(view: &View, now: u64) -> bool {
    view.state == State::Runs && now.saturating_sub(view.since) >= ARRIVES
}

fn arrived(scene: &Scene<'_>) -> Result<(), String> {
    for (life, view) in scene.views {
        if settled(view, scene.now) && !view.takes_part(scene.now, 0) {
            return Err(format!("{life:?} is still {:?}", view.glance.stage));
        }
        let waits = view.glance.nodes.iter().find(|node| node.loading);
        if let Some(node) = waits.filter(|_| settled(view, scene.now)) {
            return Err(format!("{life:?} is still loading seat {}", node.seat));
        }
    }
    Ok(())
}

/// The tabs that can be expected to agree.
fn joined<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = (Life, RoomId, &'a Glance)> {
    let settled = scene
        .views
        .iter()
        .filter(|(_, view)| settled(view, scene.now));
    let joined = settled.filter(|(_, view)| view.glance.online);
    joined.filter_map(|(life, view)| Some((*life, view.glance.room?, &view.glance)))
}

/// Where all joined nodes stand, by chain.
fn chains(scene: &Scene<'_>) -> BTreeMap<(RoomId, Generation), Vec<(Life, Tip)>> {
    let mut chains: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (life, room, glance) in joined(scene) {
        let chain = chains.entry((room, glance.generation)).or_default();
        chain.extend(tips(glance).into_iter().map(|tip| (life, tip)));
    }
    chains
}

fn highest(tips: &[(Life, Tip)]) -> u32 {
    tips.iter()
        .map(|(_, (height, _))| *height)
        .max()
        .unwrap_or(0)
}

fn tips(glance: &Glance) -> Vec<Tip> {
    let online = glance.nodes.iter().filter(|node| node.online);
    online.map(|node| (node.height, node.tip)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::scaffold::{ROOM, Theatre, node, taking_part};
    use super::*;
    use crate::browser::Owner;
    use tab::between::generation::Generation;
    use tab::{Input, NodeGlance, Stage};

    fn at(byte: u8, height: u32) -> Glance {
        let node = NodeGlance {
            height,
            ..node(byte)
        };
        Glance {
            nodes: vec![node],
            ..taking_part(byte)
        }
    }

    #[test]
    fn tabs_that_disagree_or_never_take_part_are_found() {
        let mut theatre = Theatre::<Agreement>::new();
        theatre.step(1, Input::Turn, &[], at(1, 5)).expect("fine");
        theatre.step(2, Input::Turn, &[], at(2, 5)).expect("fine");
        assert_eq!(theatre.see(&Seen::End), Ok(()));
        theatre.step(2, Input::Turn, &[], at(2, 4)).expect("fine");
        assert!(theatre.see(&Seen::End).is_err());
        let elsewhere = Glance {
            generation: Generation::default().reset(),
            ..at(2, 5)
        };
        theatre.step(2, Input::Turn, &[], elsewhere).expect("fine");
        assert!(theatre.see(&Seen::End).is_err());
        let late = Glance {
            stage: Stage::Joining,
            ..at(2, 5)
        };
        theatre.step(2, Input::Turn, &[], late).expect("fine");
        assert!(theatre.see(&Seen::End).is_err());
    }

    #[test]
    fn a_damaged_record_is_excused_only_while_the_rooms_lock_is_held_hostage() {
        let mut theatre = Theatre::<Agreement>::new();
        let elsewhere = Glance {
            generation: Generation::default().reset(),
            ..at(2, 5)
        };
        theatre.step(1, Input::Turn, &[], at(1, 5)).expect("fine");
        theatre.step(2, Input::Turn, &[], elsewhere).expect("fine");
        let damaged = Seen::Damaged {
            name: "room",
            store: tab::storage::Store::Meta,
            key: b"generation",
        };
        theatre.see(&damaged).expect("no end");
        assert!(theatre.see(&Seen::End).is_err());
        let room: String = [format!("{:02x}", ROOM.0[0]).as_str(); 16].concat();
        let name = format!("tabchain:generation:{room}");
        theatre.locks.ask(Owner::Hostile(1), &name, true);
        assert_eq!(theatre.see(&Seen::End), Ok(()));
        theatre.locks.release(Owner::Hostile(1));
        assert!(theatre.see(&Seen::End).is_err());
    }

    #[test]
    fn a_tie_ends_with_the_next_block() {
        let with = |byte, height, tip| {
            let mut glance = at(byte, height);
            glance.nodes[0].tip = BlockId::from_bytes([tip; 32]);
            glance
        };
        let mut theatre = Theatre::<Agreement>::new();
        for (life, tip) in [(1, 1), (2, 2)] {
            let step = theatre.step(life, Input::Turn, &[], with(1, 5, tip));
            step.expect("no end");
        }
        assert_eq!(theatre.see(&Seen::End), Ok(()), "nobody mined since");
        theatre.see(&Seen::LastBlocks).expect("no end");
        for (life, tip, later) in [(1, 3, 0), (2, 4, AT_ONCE)] {
            theatre.now += later;
            let step = theatre.step(life, Input::Turn, &[], with(1, 6, tip));
            step.expect("no end");
        }
        assert_eq!(theatre.see(&Seen::End), Ok(()), "found at once");
        theatre.now += 1;
        theatre
            .step(2, Input::Turn, &[], with(1, 6, 5))
            .expect("no end");
        assert!(theatre.see(&Seen::End).is_err());
    }
}
