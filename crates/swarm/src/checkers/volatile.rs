//! The work of a tab's chain does not shrink while its engine lives, however often its nodes
//! restart, and whether it can store or runs in memory mode.

use std::collections::BTreeMap;

use chain::{PeerId, Work};
use tab::storage::{Change, Store, layout};

use super::{Checker, Scene, Seen};
use crate::browser::Life;

/// See the module.
#[derive(Debug, Default)]
pub struct Volatile {
    /// The most work that a node's chain has had.
    most: BTreeMap<(Life, PeerId, u32), Work>,
    /// Saved blocks may now be in the future or gone.
    troubled: bool,
}

/// The chain that a change deletes.
fn deleted(change: &Change) -> Option<u32> {
    match change {
        Change::DeleteAll(Store::Own, prefix) => layout::generation_of(prefix),
        _ => None,
    }
}

impl Checker for Volatile {
    fn name(&self) -> &'static str {
        "volatile"
    }

    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String> {
        let life = match seen {
            Seen::ClockSet | Seen::Damaged { .. } => {
                self.troubled = true;
                return Ok(());
            }
            Seen::Committed { changes, .. } => {
                for generation in changes.iter().filter_map(deleted) {
                    self.most.retain(|(.., of), _| *of != generation);
                }
                return Ok(());
            }
            Seen::Step { life, .. } => *life,
            _ => return Ok(()),
        };
        let Some(view) = scene.views.get(&life).filter(|_| !self.troubled) else {
            return Ok(());
        };
        let glance = &view.glance;
        // A chain that was given up by a reset or an undo may come back with nothing: others have it.
        // That may have happened while the nodes were being started.
        let keeps = |of: u32| glance.generation.keeps(of);
        self.most
            .retain(|(whose, _, of), _| *whose != life || keeps(*of));
        if !view.takes_part(scene.now, 0) {
            return Ok(());
        }
        // The same goes for a node that left or was removed.
        let here = |id: &PeerId| glance.nodes.iter().any(|node| node.id == *id);
        self.most
            .retain(|(whose, id, _), _| *whose != life || here(id));
        for node in glance.nodes.iter().filter(|node| !node.loading) {
            let key = (life, node.id, glance.generation.current);
            let most = self.most.entry(key).or_default();
            if node.work < *most {
                return Err(format!(
                    "{life:?} (kept: {}): seat {} drops from {most:?} to {:?} at height {}",
                    glance.kept, node.seat, node.work, node.height
                ));
            }
            *most = node.work;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scaffold::{Theatre, taking_part};
    use super::*;
    use chain::U256;
    use tab::between::generation::Generation;
    use tab::{Glance, Input, Stage};

    #[test]
    fn a_chain_that_is_lost_from_memory_is_found() {
        let at = |work: u64| {
            let mut glance = Glance {
                kept: false,
                ..taking_part(1)
            };
            glance.nodes[0].work = Work(U256::from(work));
            glance
        };
        let mut theatre = Theatre::<Volatile>::new();
        assert_eq!(theatre.step(1, Input::Turn, &[], at(5)), Ok(()));
        assert_eq!(theatre.step(1, Input::Turn, &[], at(6)), Ok(()));
        assert!(theatre.step(1, Input::Turn, &[], at(5)).is_err());
        // A chain that was given up may come back with less.
        let undone = Glance {
            generation: Generation {
                stamp: 2,
                current: 1,
                undo: None,
            },
            ..at(0)
        };
        assert_eq!(theatre.step(1, Input::Turn, &[], undone), Ok(()));
        assert_eq!(theatre.step(1, Input::Turn, &[], at(0)), Ok(()));
    }

    #[test]
    fn a_chain_may_be_given_up_while_the_nodes_are_being_started() {
        let at = |stamp: u32, current: u32, stage: Stage, work: u64| {
            let mut glance = Glance {
                kept: false,
                stage,
                generation: Generation {
                    stamp,
                    current,
                    undo: None,
                },
                ..taking_part(1)
            };
            glance.nodes[0].work = Work(U256::from(work));
            glance
        };
        let lives = |stage| {
            let mut theatre = Theatre::<Volatile>::new();
            let before = at(1, 1, Stage::In, 5);
            assert_eq!(theatre.step(1, Input::Turn, &[], before), Ok(()));
            let between = at(2, 2, stage, 0);
            assert_eq!(theatre.step(1, Input::Turn, &[], between), Ok(()));
            theatre.step(1, Input::Turn, &[], at(3, 1, Stage::In, 0))
        };
        assert_eq!(lives(Stage::Starting), Ok(()));
        assert_eq!(lives(Stage::In), Ok(()));
    }
}
