//! In the end all tabs take part, and those of a room agree: on which chain counts, and on its tip.

use chain::BlockId;
use protocol::envelope::RoomId;
use tab::Glance;

use super::{Checker, Scene, Seen, View};
use crate::browser::{Life, State};

/// A tab that has been running for so long must have arrived.
const ARRIVES: u64 = 22_000_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Agreement {
    /// People set the clock: what was mined before may be in the future now.
    clock_set: bool,
}

impl Checker for Agreement {
    fn name(&self) -> &'static str {
        "agreement"
    }

    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String> {
        match seen {
            Seen::ClockSet => self.clock_set = true,
            Seen::End => {
                arrived(scene)?;
                if !self.clock_set {
                    return agreed(scene);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

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
            return Err(format!("{life:?} still loads seat {}", node.seat));
        }
    }
    Ok(())
}

fn agreed(scene: &Scene<'_>) -> Result<(), String> {
    let tabs: Vec<(&Life, &Glance)> = scene
        .views
        .iter()
        .filter(|(_, view)| settled(view, scene.now))
        .map(|(life, view)| (life, &view.glance))
        .filter(|(_, glance)| glance.online)
        .collect();
    let rooms: std::collections::BTreeSet<RoomId> =
        tabs.iter().filter_map(|(_, glance)| glance.room).collect();
    for room in rooms {
        let here = tabs.iter().filter(|(_, glance)| glance.room == Some(room));
        let mut first: Option<(&Life, &Glance)> = None;
        for (life, glance) in here.copied() {
            let (other, expected) = *first.get_or_insert((life, glance));
            if glance.generation != expected.generation {
                // Who keeps nothing does not give up what only memory has.
                if !(glance.kept && expected.kept) {
                    continue;
                }
                return Err(format!(
                    "{other:?} is on {:?}, {life:?} on {:?}",
                    expected.generation, glance.generation
                ));
            }
            let (a, b) = (tips(expected), tips(glance));
            if a.iter().chain(&b).any(|tip| !fits(*tip, a[0])) {
                return Err(format!("{other:?} stands on {a:?}, {life:?} on {b:?}"));
            }
        }
    }
    Ok(())
}

fn tips(glance: &Glance) -> Vec<(u32, BlockId)> {
    let online = glance.nodes.iter().filter(|node| node.online);
    online.map(|node| (node.height, node.tip)).collect()
}

/// Of two chains with the same work each keeps what it saw first; here, with the same height.
fn fits(a: (u32, BlockId), b: (u32, BlockId)) -> bool {
    a.0 == b.0
}

#[cfg(test)]
mod tests {
    use super::super::scaffold::{Theatre, node, taking_part};
    use super::*;
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
    fn tabs_that_do_not_agree_or_arrive_are_found() {
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
}
