//! No two tabs that take part share an identity, and no incarnation is used twice.

use std::collections::{BTreeMap, BTreeSet};

use chain::PeerId;
use tab::Stage;

use super::{Checker, Scene, Seen};
use crate::browser::Life;

/// A tab that stood still, or whose lock was stolen, needs a moment to notice.
const GRACE: u64 = 2_000_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Identities {
    robbed: BTreeMap<Life, u64>,
    /// All incarnations ever begun.
    begun: BTreeSet<(PeerId, u64)>,
    /// The incarnations that each engine runs.
    now: BTreeMap<Life, BTreeSet<(PeerId, u64)>>,
    /// Whether a database failed or was damaged: stored incarnations cannot be trusted any more.
    troubled: bool,
}

impl Checker for Identities {
    fn name(&self) -> &'static str {
        "identities"
    }

    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String> {
        match seen {
            Seen::Robbed { life } => drop(self.robbed.insert(*life, scene.now)),
            Seen::Damaged { .. } | Seen::Troubled { .. } => self.troubled = true,
            Seen::Died { life } => drop(self.now.remove(life)),
            Seen::Step { life, .. } => {
                self.shared(*life, scene)?;
                return self.used_twice(*life, scene);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Identities {
    fn shared(&self, life: Life, scene: &Scene<'_>) -> Result<(), String> {
        let surely = |life: &Life| {
            let robbed = self.robbed.get(life);
            let view = scene.views.get(life)?;
            let calm = robbed.is_none_or(|at| scene.now - at > GRACE);
            (calm && view.takes_part(scene.now, GRACE)).then_some(&view.glance)
        };
        let Some(mine) = surely(&life) else {
            return Ok(());
        };
        for other in scene.views.keys().filter(|other| **other != life) {
            let theirs = surely(other).into_iter().flat_map(|glance| &glance.nodes);
            for node in theirs {
                if mine.nodes.iter().any(|own| own.id == node.id) {
                    return Err(format!(
                        "{life:?} and {other:?} both run {:x} (seat {})",
                        node.id, node.seat
                    ));
                }
            }
        }
        Ok(())
    }

    fn used_twice(&mut self, life: Life, scene: &Scene<'_>) -> Result<(), String> {
        let Some(view) = scene.views.get(&life) else {
            return Ok(());
        };
        if view.glance.stage != Stage::In {
            return Ok(()); // an incarnation that is still being written down has not begun
        }
        if !view.glance.kept {
            return Ok(()); // one that cannot be written down promises nothing
        }
        let nodes = view.glance.nodes.iter();
        let nodes: BTreeSet<_> = nodes.map(|node| (node.id, node.incarnation)).collect();
        let before = self.now.insert(life, nodes.clone()).unwrap_or_default();
        for (id, incarnation) in nodes.difference(&before) {
            let fresh = self.begun.insert((*id, *incarnation));
            if !fresh && !self.troubled {
                return Err(format!(
                    "{life:?} begins incarnation {incarnation} of {id:x}, which was used before"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scaffold::{Theatre, node, taking_part};
    use super::*;
    use tab::Input;

    #[test]
    fn two_tabs_with_one_identity_are_found() {
        let mut theatre = Theatre::<Identities>::new();
        assert_eq!(theatre.step(1, Input::Turn, &[], taking_part(1)), Ok(()));
        assert_eq!(theatre.step(2, Input::Turn, &[], taking_part(2)), Ok(()));
        let mut thief = taking_part(2);
        thief.nodes.push(tab::NodeGlance {
            incarnation: 2,
            ..node(1)
        });
        assert!(theatre.step(2, Input::Turn, &[], thief.clone()).is_err());
        theatre
            .see(&Seen::Robbed { life: Life(1) })
            .expect("no step");
        assert_eq!(theatre.step(2, Input::Turn, &[], thief), Ok(()));
    }

    #[test]
    fn an_incarnation_that_is_used_twice_is_found() {
        let mut theatre = Theatre::<Identities>::new();
        theatre
            .step(1, Input::Turn, &[], taking_part(1))
            .expect("first");
        theatre.views.clear();
        theatre.see(&Seen::Died { life: Life(1) }).expect("no step");
        assert!(theatre.step(2, Input::Turn, &[], taking_part(1)).is_err());
    }
}
