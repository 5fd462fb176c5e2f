//! What a tab that cannot store keeps in memory is not lost as long as it lives.

use std::collections::BTreeMap;

use chain::PeerId;

use super::{Checker, Scene, Seen};
use crate::browser::Life;

/// A heavier chain may be lower by so much, where the target moves.
const LOWER: u32 = 2;

/// See the module.
#[derive(Debug, Default)]
pub struct Volatile {
    /// How high a node has been on a chain.
    heights: BTreeMap<(Life, PeerId, u32), u32>,
    /// Saved blocks may be in the future now.
    clock_set: bool,
}

impl Checker for Volatile {
    fn name(&self) -> &'static str {
        "volatile"
    }

    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String> {
        let life = match seen {
            Seen::ClockSet => {
                self.clock_set = true;
                return Ok(());
            }
            Seen::Step { life, before, .. } if !before.kept => *life,
            _ => return Ok(()),
        };
        let Some(view) = scene.views.get(&life).filter(|_| !self.clock_set) else {
            return Ok(());
        };
        let glance = &view.glance;
        if glance.kept || !view.takes_part(scene.now, 0) {
            return Ok(());
        }
        for node in glance.nodes.iter().filter(|node| !node.loading) {
            let key = (life, node.id, glance.generation.current);
            let highest = self.heights.entry(key).or_default();
            if node.height + LOWER < *highest {
                return Err(format!(
                    "{life:?} keeps its chain in memory, and seat {} falls from {highest} to {}",
                    node.seat, node.height
                ));
            }
            *highest = node.height.max(*highest);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scaffold::{Theatre, taking_part};
    use super::*;
    use tab::{Glance, Input};

    #[test]
    fn a_chain_that_memory_loses_is_found() {
        let at = |height| {
            let mut glance = Glance {
                kept: false,
                ..taking_part(1)
            };
            glance.nodes[0].height = height;
            glance
        };
        let mut theatre = Theatre::<Volatile>::new();
        assert_eq!(theatre.step(1, Input::Turn, &[], at(5)), Ok(()));
        assert_eq!(theatre.step(1, Input::Turn, &[], at(3)), Ok(()));
        assert!(theatre.step(1, Input::Turn, &[], at(0)).is_err());
    }
}
