//! No order of resets and undos loses a room's chain, and which chain counts changes only when
//! somebody asks.
//!
//! One reset can be undone. A second one discards what the first put away only if whoever asked for
//! it had seen the first, and the chain between them had a block.

use std::collections::{BTreeMap, BTreeSet};

use protocol::envelope::RoomId;
use tab::between::generation::Generation;
use tab::door::DbId;
use tab::storage::room::{GENERATION, read_generation};
use tab::storage::{Change, Store, layout};
use tab::{Effect, Glance, Input, NodeGlance, Stage};
use wire::{Ask, FromEngine, ToEngine};

use super::{Checker, Scene, Seen};
use crate::browser::Life;

/// See the module.
#[derive(Debug, Default)]
pub struct Generations {
    /// What has rightly counted in each room.
    known: BTreeMap<RoomId, BTreeSet<Generation>>,
    /// Asks for a reset or an undo that are not answered yet, and what counted for the asker.
    asked: BTreeMap<Life, BTreeMap<u32, Wish>>,
    /// What hostile pages say counts: a tab may follow them if nothing is lost.
    posed: BTreeSet<(RoomId, Generation)>,
    /// Chains that were rightly given up.
    given_up: BTreeSet<(RoomId, u32)>,
    /// What the record of each database says counts.
    records: BTreeMap<String, Generation>,
    damaged: bool,
}

/// Whether a reset (not an undo) was asked for, and what counted for the asker; `None`: not known
/// yet.
type Wish = (bool, Option<Generation>);

impl Checker for Generations {
    fn name(&self) -> &'static str {
        "generations"
    }

    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String> {
        match seen {
            Seen::Damaged { name, .. } => {
                self.damaged = true;
                self.records.remove(*name);
            }
            Seen::Lost { name } => drop(self.records.remove(*name)),
            Seen::Died { life } => drop(self.asked.remove(life)),
            Seen::Posed { room, generation } => drop(self.posed.insert((*room, *generation))),
            Seen::Step {
                life,
                input,
                effects,
                before,
            } => {
                self.listen(*life, input, before);
                let result = self.changed(*life, before, scene);
                self.answered(*life, effects);
                return result;
            }
            Seen::Committed {
                life,
                name,
                changes,
            } => {
                self.recorded(name, changes)?;
                return life.map_or(Ok(()), |life| self.deleted(life, name, changes, scene));
            }
            _ => {}
        }
        Ok(())
    }
}

impl Generations {
    fn listen(&mut self, life: Life, input: &Input, before: &Glance) {
        let Input::Page(ToEngine::Ask { id, ask }) = input else {
            return;
        };
        let resets = match ask {
            Ask::Reset(_) => true,
            Ask::UndoReset(_) => false,
            _ => return,
        };
        let asked = self.asked.entry(life).or_default();
        let seen = (before.stage == Stage::In).then_some(before.generation);
        asked.insert(*id, (resets, seen));
    }

    fn answered(&mut self, life: Life, effects: &[Effect]) {
        let Some(asked) = self.asked.get_mut(&life) else {
            return;
        };
        for effect in effects {
            if let Effect::Post(FromEngine::Answer { id, .. }) = effect {
                asked.remove(id);
            }
        }
    }

    fn changed(&mut self, life: Life, before: &Glance, scene: &Scene<'_>) -> Result<(), String> {
        let Some(glance) = scene.views.get(&life).map(|view| &view.glance) else {
            return Ok(());
        };
        let Some(room) = glance.room else {
            return Ok(());
        };
        let next = glance.generation;
        let known = self.known.entry(room).or_default();
        known.insert(Generation::default());
        if before.room != glance.room || next == before.generation {
            return Ok(());
        }
        let asked = self.asked.get(&life).into_iter().flatten();
        let asked: Vec<Wish> = asked.map(|(_, asked)| *asked).collect();
        // A crash may lose a reset, and its number is used again: what the tab stood on comes first.
        let wished = known
            .iter()
            .flat_map(|from| asked.iter().map(move |asked| (*from, *asked)))
            .filter(|(from, (resets, _))| is_next(*from, *resets, next))
            .min_by_key(|(from, _)| *from != before.generation);
        let posed = self.posed.contains(&(room, next));
        // A hostile page may have announced earlier what somebody asks for now.
        if known.contains(&next) && !(posed && wished.is_some()) {
            if posed {
                let empty = |chain: &u32| !is_full(*chain, room, before, scene);
                let gone = gone(before.generation, next).filter(empty);
                self.given_up.extend(gone.map(|chain| (room, chain)));
            }
            return Ok(());
        }
        let Some((from, (resets, seen))) = wished else {
            if self.damaged {
                known.insert(next);
                return Ok(());
            }
            if posed {
                return self.followed(life, (room, next), before, scene);
            }
            return Err(format!(
                "{life:?} changes to {next:?} from {:?}, but nobody asked",
                before.generation
            ));
        };
        known.insert(next);
        if !resets {
            self.given_up.insert((room, from.current));
            return Ok(());
        }
        let Some(put_away) = from.undo else {
            return Ok(());
        };
        self.given_up.insert((room, put_away));
        let had = has_blocks(scene, room, put_away);
        let own = before.generation.current == from.current
            && before.nodes.iter().any(|node| node.height > 0);
        // A hostile page that holds a lock may claim to have blocks of the current chain.
        let mut posed = self.posed.iter();
        let claimed = posed.any(|(at, posed)| *at == room && posed.current == from.current);
        let between = own
            || claimed
            || has_blocks(scene, room, from.current)
            || may_stand_on(scene, room, from.current);
        if had && seen.is_some_and(|seen| seen.undo != Some(put_away)) {
            return Err(format!(
                "{life:?} loses generation {put_away} to a reset whose asker had seen {seen:?}, \
                 not the one that put it away ({from:?})"
            ));
        }
        if had && !between {
            return Err(format!(
                "{life:?} loses generation {put_away} to a reset of the empty chain of {from:?}"
            ));
        }
        Ok(())
    }

    /// A tab followed a hostile page: nothing may be lost by that.
    fn followed(
        &mut self,
        life: Life,
        (room, next): (RoomId, Generation),
        before: &Glance,
        scene: &Scene<'_>,
    ) -> Result<(), String> {
        let ours = before.generation;
        let undo = ours.undo.filter(|_| before.kept); // in memory mode that one may be lost
        for chain in [Some(ours.current), undo].into_iter().flatten() {
            if !next.keeps(chain) && is_full(chain, room, before, scene) {
                return Err(format!(
                    "{life:?} loses generation {chain} to {next:?}, which nobody asked for"
                ));
            }
        }
        self.given_up
            .extend(gone(ours, next).map(|chain| (room, chain)));
        self.known.entry(room).or_default().insert(next);
        Ok(())
    }

    /// Whoever writes what counts has the room's lock and knows what was written before.
    fn recorded(&mut self, name: &str, changes: &[Change]) -> Result<(), String> {
        for change in changes {
            let Change::Put(Store::Meta, key, value) = change else {
                continue;
            };
            if key != GENERATION {
                continue;
            }
            let row = (key.clone(), value.clone());
            let Some(next) = read_generation(&vec![row]) else {
                return Err(format!("the record of {name} is no generation"));
            };
            let before = self.records.insert(name.to_owned(), next);
            if let Some(before) = before.filter(|before| *before > next) {
                return Err(format!(
                    "the record of {name} goes back from {before:?} to {next:?}"
                ));
            }
        }
        Ok(())
    }

    fn deleted(
        &self,
        life: Life,
        name: &str,
        changes: &[Change],
        scene: &Scene<'_>,
    ) -> Result<(), String> {
        let Some(glance) = scene.views.get(&life).map(|view| &view.glance) else {
            return Ok(());
        };
        let Some(room) = glance.room else {
            return Ok(());
        };
        for change in changes {
            let Change::DeleteAll(Store::Own | Store::Blocks, prefix) = change else {
                continue;
            };
            let Some(number) = layout::generation_of(prefix) else {
                return Err(format!("{life:?} deletes all generations in {name}"));
            };
            if !self.damaged && !self.given_up.contains(&(room, number)) {
                return Err(format!(
                    "{life:?} deletes generation {number}, which nobody gave up ({:?})",
                    glance.generation
                ));
            }
        }
        Ok(())
    }
}

/// The chains of `ours` that `next` no longer keeps.
fn gone(ours: Generation, next: Generation) -> impl Iterator<Item = u32> {
    let chains = [Some(ours.current), ours.undo].into_iter().flatten();
    chains.filter(move |chain| !next.keeps(*chain))
}

/// Whether a chain has a block that would be lost. A tab in memory mode can lose only blocks of its
/// own, since it deletes nothing.
fn is_full(chain: u32, room: RoomId, before: &Glance, scene: &Scene<'_>) -> bool {
    let own = before.nodes.iter().any(|node| node.height > 0);
    let others = || has_blocks(scene, room, chain) || stands_on(scene, room, chain);
    (own && chain == before.generation.current) || (before.kept && others())
}

/// Whether `next` is what a reset (or else an undo) makes of `from`.
fn is_next(from: Generation, resets: bool, next: Generation) -> bool {
    let stamp = from.stamp.checked_add(1);
    if resets {
        return Some(next.stamp) == stamp
            && next.current == next.stamp
            && next.undo == Some(from.current);
    }
    Some(next.stamp) == stamp && Some(next.current) == from.undo && next.undo.is_none()
}

fn has_blocks(scene: &Scene<'_>, room: RoomId, generation: u32) -> bool {
    let prefix = layout::generation(generation);
    let here = scene.views.iter();
    let here = here.filter(|(_, view)| view.glance.room == Some(room));
    let names = here.filter_map(|(life, _)| scene.databases.of(*life, DbId::Room));
    names
        .filter_map(|name| scene.databases.look(name))
        .any(|database| {
            let mut blocks = database.values.of(Store::Blocks);
            blocks.any(|(name, _)| name.starts_with(&prefix))
        })
}

/// Whether any node is known to have a block of the chain.
fn stands_on(scene: &Scene<'_>, room: RoomId, generation: u32) -> bool {
    any_node(scene, room, generation, |node| node.height > 0)
}

/// Whether any node may have one, since it has yet to read what it saved.
fn may_stand_on(scene: &Scene<'_>, room: RoomId, generation: u32) -> bool {
    any_node(scene, room, generation, |node| {
        node.height > 0 || node.loading
    })
}

fn any_node(
    scene: &Scene<'_>,
    room: RoomId,
    generation: u32,
    which: impl Fn(&NodeGlance) -> bool,
) -> bool {
    let all = scene.views.values().map(|view| &view.glance);
    let mut here =
        all.filter(|glance| glance.room == Some(room) && glance.generation.current == generation);
    here.any(|glance| glance.nodes.iter().any(&which))
}

#[cfg(test)]
mod tests {
    use super::super::scaffold::{ROOM, Theatre, taking_part};
    use super::*;
    use wire::ask::Reset;

    fn on(generation: Generation) -> Glance {
        Glance {
            generation,
            ..taking_part(1)
        }
    }

    fn reset(id: u32) -> Input {
        let ask = Ask::Reset(Reset);
        Input::Page(ToEngine::Ask { id, ask })
    }

    #[test]
    fn a_change_of_chain_that_nobody_asked_for_is_found() {
        let mut theatre = Theatre::<Generations>::new();
        let (first, second) = (Generation::default(), Generation::default().reset());
        theatre.step(1, Input::Turn, &[], on(first)).expect("fine");
        let mut wished = Theatre::<Generations>::new();
        wished.step(1, Input::Turn, &[], on(first)).expect("fine");
        wished.step(1, reset(1), &[], on(first)).expect("asked");
        assert_eq!(wished.step(1, Input::Turn, &[], on(second)), Ok(()));
        assert!(theatre.step(1, Input::Turn, &[], on(second)).is_err());
    }

    #[test]
    fn a_second_reset_that_discards_what_the_first_put_away_is_found() {
        let mut theatre = Theatre::<Generations>::new();
        theatre
            .databases
            .open(Life(1), DbId::Room, "room")
            .expect("allowed");
        let block = [0, 0, 0, 0, 1];
        let values = &mut theatre.databases.get("room").values;
        values.damage(Store::Blocks, &block, Some(vec![1]));
        let first = Generation::default();
        theatre.step(1, Input::Turn, &[], on(first)).expect("fine");
        theatre.step(1, reset(1), &[], on(first)).expect("asked");
        theatre.step(1, reset(2), &[], on(first)).expect("asked");
        let once = first.reset();
        assert_eq!(theatre.step(1, Input::Turn, &[], on(once)), Ok(()));
        assert!(theatre.step(1, Input::Turn, &[], on(once.reset())).is_err());
    }

    /// A crash lost a reset, so the numbers of the next ones were used before.
    #[test]
    fn a_reset_gives_up_what_was_put_away_where_its_tab_stood() {
        let at = |undo| Generation {
            stamp: 4,
            current: 4,
            undo: Some(undo),
        };
        let mut theatre = Theatre::<Generations>::new();
        theatre.step(1, Input::Turn, &[], on(at(3))).expect("fine");
        theatre
            .checker
            .known
            .entry(ROOM)
            .or_default()
            .extend([at(1), at(3)]);
        theatre.step(1, reset(1), &[], on(at(3))).expect("asked");
        let next = on(at(3).reset());
        assert_eq!(theatre.step(1, Input::Turn, &[], next), Ok(()));
        assert_eq!(theatre.checker.given_up, BTreeSet::from([(ROOM, 3)]));
    }

    #[test]
    fn a_record_that_goes_back_is_found() {
        let mut theatre = Theatre::<Generations>::new();
        let mut writes = |generation: Generation| {
            let record = tab::storage::record::seal(&generation);
            let changes = [Change::Put(Store::Meta, GENERATION.to_vec(), record)];
            let (life, name) = (Some(Life(1)), "room");
            theatre.see(&Seen::Committed {
                life,
                name,
                changes: &changes,
            })
        };
        let first = Generation::default().reset();
        assert_eq!(writes(first.reset()), Ok(()));
        assert_eq!(writes(first.reset()), Ok(()), "the same again");
        assert!(writes(first).is_err());
    }

    #[test]
    fn a_chain_that_is_deleted_although_nobody_gave_it_up_is_found() {
        let mut theatre = Theatre::<Generations>::new();
        theatre
            .step(1, Input::Turn, &[], on(Generation::default()))
            .expect("fine");
        let delete = Change::DeleteAll(Store::Blocks, 0_u32.to_be_bytes().to_vec());
        let changes = [delete];
        let seen = Seen::Committed {
            life: Some(Life(1)),
            name: "room",
            changes: &changes,
        };
        assert!(theatre.see(&seen).is_err());
        theatre.checker.given_up.insert((ROOM, 0));
        assert_eq!(theatre.see(&seen), Ok(()));
    }
}
