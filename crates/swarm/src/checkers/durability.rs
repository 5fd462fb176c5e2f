//! What a tab promises is stored: the blocks that its nodes tell others of, the chain that their
//! next incarnations restore, and which chain counts.
//!
//! Judged only while the tab says that it can store, and not for data that was damaged.

use std::collections::{BTreeMap, BTreeSet};

use chain::{BlockId, PeerId, Target};
use node::message::{Claim, Message};
use protocol::envelope::{Envelope, Kind};
use tab::between::generation::Generation;
use tab::between::heartbeat::Heartbeat;
use tab::between::signed;
use tab::between::tagged::Opened;
use tab::door::{Channel, DbId};
use tab::storage::room::GENERATION;
use tab::storage::{Change, Name, Store, layout, record};
use tab::{Effect, Glance};

use super::{Checker, Scene, Seen};
use crate::browser::{Database, Life};

/// See the module.
#[derive(Debug, Default)]
pub struct Durable {
    damaged: BTreeSet<(String, Store, Vec<u8>)>,
    /// Chains that were deleted, by database and generation.
    dropped: BTreeSet<(String, u32)>,
    /// The latest generation that each database has held: without locks another tab may overwrite
    /// it with an earlier one.
    latest: BTreeMap<String, Generation>,
    loading: BTreeMap<Life, BTreeSet<(PeerId, u64)>>,
}

impl Checker for Durable {
    fn name(&self) -> &'static str {
        "durability"
    }

    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String> {
        match seen {
            Seen::Damaged { name, store, key } => {
                let damaged = ((*name).into(), *store, key.to_vec());
                self.damaged.insert(damaged);
            }
            Seen::Died { life } => drop(self.loading.remove(life)),
            Seen::Committed { name, changes, .. } => {
                for change in *changes {
                    if let Change::Put(Store::Meta, key, record) = change
                        && key == GENERATION
                        && let Some(generation) = record::open::<Generation>(record)
                    {
                        let latest = self.latest.entry((*name).into()).or_default();
                        *latest = generation.max(*latest);
                    }
                    if let Change::DeleteAll(Store::Blocks, prefix) = change
                        && let Some(number) = layout::generation_of(prefix)
                    {
                        self.dropped.insert(((*name).into(), number));
                    }
                }
            }
            Seen::Step {
                life,
                effects,
                before,
                ..
            } => {
                self.said(*life, before, effects, scene)?;
                self.counts(*life, before, effects, scene)?;
                return self.restored(*life, before, scene);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Durable {
    /// The database that this tab keeps its room in, and its name, if the tab can be judged.
    fn trusted<'a>(
        life: Life,
        before: &Glance,
        scene: &'a Scene<'_>,
    ) -> Option<(&'a String, &'a Database)> {
        let kept = scene.views.get(&life)?.glance.kept && before.kept;
        let name = scene.databases.of(life, DbId::Room).filter(|_| kept)?;
        Some((name, scene.databases.look(name)?))
    }

    /// Whether a database was damaged in a store, under a name that starts with `prefix`.
    fn hit(&self, name: &str, store: Store, prefix: &[u8]) -> bool {
        let of_name = self.damaged.iter().filter(|(other, ..)| other == name);
        let mut hits = of_name.filter(|(_, of, key)| *of == store && key.starts_with(prefix));
        hits.next().is_some()
    }

    /// When a tab tells others which chain counts, storage must agree.
    fn counts(
        &self,
        life: Life,
        before: &Glance,
        effects: &[Effect],
        scene: &Scene<'_>,
    ) -> Result<(), String> {
        let Some((name, database)) = Self::trusted(life, before, scene) else {
            return Ok(());
        };
        let record = database.values.get(Store::Meta, GENERATION);
        let stored = record.map_or(Some(Generation::default()), |record| record::open(record));
        let Some(stored) = stored.filter(|_| !self.hit(name, Store::Meta, GENERATION)) else {
            return Ok(());
        };
        let stored = stored.max(self.latest.get(name).copied().unwrap_or_default());
        let may = before.generation.max(scene.views[&life].glance.generation);
        if may <= stored {
            return Ok(());
        }
        let told = effects.iter().filter_map(|effect| told_in(effect, before));
        // While the chain stays the same, a later generation promises nothing.
        let early = |told: &Generation| *told > stored && told.current != stored.current;
        match told.filter(early).max() {
            Some(told) => Err(format!(
                "{life:?} says that {told:?} counts, but {stored:?} is stored"
            )),
            None => Ok(()),
        }
    }

    fn said(
        &self,
        life: Life,
        before: &Glance,
        effects: &[Effect],
        scene: &Scene<'_>,
    ) -> Result<(), String> {
        let Some((name, database)) = Self::trusted(life, before, scene) else {
            return Ok(());
        };
        for effect in effects {
            let Effect::Say(Channel::Room, bytes) = effect else {
                continue;
            };
            if let Some((generation, claim)) = claim_in(bytes, before) {
                let id = claim.header.id();
                let stored = block_name(generation, &id);
                let known = database.values.get(Store::Blocks, &stored).is_some();
                let gone = self.dropped.contains(&(name.clone(), generation))
                    || self.hit(name, Store::Blocks, &stored);
                if claim.height.0 > 0 && !known && !gone {
                    return Err(format!(
                        "{life:?} announces block {id} at height {} of generation {generation}, \
                         which is not stored",
                        claim.height.0
                    ));
                }
            }
        }
        Ok(())
    }

    fn restored(&mut self, life: Life, before: &Glance, scene: &Scene<'_>) -> Result<(), String> {
        let Some(view) = scene.views.get(&life) else {
            return Ok(());
        };
        let nodes = view.glance.nodes.iter();
        let loading = nodes.filter(|node| node.loading);
        let loading = loading.map(|node| (node.id, node.incarnation)).collect();
        let were = self.loading.insert(life, loading).unwrap_or_default();
        if were.is_empty() || view.glance.generation != before.generation {
            return Ok(());
        }
        let Some((name, database)) = Self::trusted(life, before, scene) else {
            return Ok(());
        };
        let generation = view.glance.generation.current;
        let prefix = layout::generation(generation);
        if self.hit(name, Store::Blocks, &prefix) || self.hit(name, Store::Meta, GENERATION) {
            return Ok(()); // the chain has a hole, or the tab had to guess which one counts
        }
        for node in &view.glance.nodes {
            let done = !node.loading && were.contains(&(node.id, node.incarnation));
            let tip = tip_name(generation, &node.id);
            let stored = database.values.get(Store::Own, &tip);
            let height = stored.and_then(|tip| tip.last_chunk::<4>());
            let height = height.map_or(0, |height| u32::from_le_bytes(*height));
            let hit = self.hit(name, Store::Own, &layout::of_node(generation, &node.id));
            if done && !hit && node.height < height {
                return Err(format!(
                    "{life:?} restores seat {} to height {}, but {height} was stored",
                    node.seat, node.height
                ));
            }
        }
        Ok(())
    }
}

/// The block that a packet says its sender has, and its generation.
fn claim_in(bytes: &[u8], before: &Glance) -> Option<(u32, Claim)> {
    let envelope = Envelope::decode(bytes, before.room?).ok()?;
    if envelope.kind != Kind::Packet {
        return None;
    }
    let packet = Opened::unchecked(&envelope.payload)?;
    match Message::decode(packet.message).ok()? {
        Message::Tip(claim) | Message::Inv(claim) => Some((packet.generation, claim)),
        _ => None,
    }
}

/// Which chain counts, as a tab says in its heartbeat.
fn told_in(effect: &Effect, before: &Glance) -> Option<Generation> {
    let Effect::Say(Channel::Room, bytes) = effect else {
        return None;
    };
    let envelope = Envelope::decode(bytes, before.room?).ok()?;
    if envelope.kind != Kind::Heartbeat {
        return None;
    }
    let payload = envelope.payload.get(signed::LEN..)?;
    let heartbeat = Heartbeat::decode(payload, Target::MAX).ok()?;
    Some(heartbeat.generation)
}

fn block_name(generation: u32, id: &BlockId) -> Name {
    layout::shared(generation, format!("b/{id}").as_bytes())
}

fn tip_name(generation: u32, node: &PeerId) -> Name {
    layout::own(generation, node, b"tip")
}

#[cfg(test)]
mod tests {
    use super::super::scaffold::{ROOM, Theatre, id, node, taking_part};
    use super::*;
    use chain::{BitcoinHeader, Height, SecretKey, Work};
    use protocol::Channel as NodeChannel;
    use tab::between::tagged::{Links, Other};
    use tab::{Input, NodeGlance};

    fn theatre() -> Theatre<Durable> {
        let mut theatre = Theatre::<Durable>::new();
        theatre
            .databases
            .open(Life(1), DbId::Room, "room")
            .expect("allowed");
        theatre
            .step(1, Input::Turn, &[], taking_part(1))
            .expect("fine");
        theatre
    }

    fn says(header: BitcoinHeader) -> Effect {
        let claim = Claim {
            header,
            height: Height(3),
            work: Work::default(),
        };
        let packet = Message::Tip(claim).encode();
        let envelope = Envelope {
            kind: Kind::Packet,
            room: ROOM,
            channel: NodeChannel::MAIN,
            sender: id(1),
            recipient: None,
            sequence: 0,
            payload: Vec::new(),
        };
        let [ours, theirs] = [1, 2].map(|byte| SecretKey::from_bytes(&[byte; 32]).expect("a key"));
        let other = Other {
            id: theirs.public_key().peer_id(),
            key: theirs.public_key(),
            sequence: 0,
        };
        let listeners = [other.id].into();
        let mut links = Links::default();
        links.meet(&ours, ROOM, &[other]);
        let sealed = links.seal(envelope, (0, &packet), &listeners);
        Effect::Say(Channel::Room, sealed.expect("somebody listens").encode())
    }

    #[test]
    fn a_block_that_is_announced_before_it_is_stored_is_found() {
        let header =
            scenario::Room::parse("/live?room=a&spacing=5&bits=2000ffff&window=8&halving=9")
                .map(|room| room.chain().genesis)
                .map(|block| block.header)
                .expect("a room");
        let mut theatre = theatre();
        let told = theatre.step(1, Input::Turn, &[says(header)], taking_part(1));
        assert!(told.is_err(), "{told:?}");
        let name = block_name(0, &header.id());
        let values = &mut theatre.databases.get("room").values;
        values.damage(Store::Blocks, &name, Some(vec![1]));
        let told = theatre.step(1, Input::Turn, &[says(header)], taking_part(1));
        assert_eq!(told, Ok(()));
    }

    #[test]
    fn a_chain_that_is_not_fully_restored_is_found() {
        let mut theatre = theatre();
        let values = &mut theatre.databases.get("room").values;
        let tip = [[9; 36].as_slice(), &7_u32.to_le_bytes()].concat();
        values.damage(Store::Own, &tip_name(0, &id(1)), Some(tip));
        let with = |loading, height| {
            let node = NodeGlance {
                loading,
                height,
                ..node(1)
            };
            Glance {
                nodes: vec![node],
                ..taking_part(1)
            }
        };
        theatre
            .step(1, Input::Turn, &[], with(true, 0))
            .expect("loads");
        assert_eq!(theatre.step(1, Input::Turn, &[], with(false, 7)), Ok(()));
        theatre
            .step(1, Input::Turn, &[], with(true, 0))
            .expect("loads");
        assert!(theatre.step(1, Input::Turn, &[], with(false, 6)).is_err());
    }
}
