//! When nothing happens, a tab does nothing but say that it is alive.

use std::collections::BTreeMap;

use node::message::Message;
use protocol::envelope::Kind;
use tab::between::tagged::Opened;
use tab::door::Channel;
use tab::{Effect, Input};
use wire::FromEngine;

use super::{Checker, Scene, Seen, View};
use crate::browser::{Life, open};

/// What a quiet tab may do in ten seconds: heartbeats, its nodes' messages, power announcements,
/// looks at locks, frames, turns (and more for what it hears and its nodes say to each other).
const MOST: Deeds = Deeds {
    room: 40,
    power: 14,
    stored: 0,
    queries: 14,
    frames: 30,
    turns: 100,
    heard: 0,
    nodes: 0,
    all: 0,
    bodies: 0,
};

/// See the module.
#[derive(Debug, Default)]
pub struct Quiet {
    /// Since when.
    since: Option<u64>,
    deeds: BTreeMap<Life, Deeds>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Deeds {
    room: u64,
    power: u64,
    stored: u64,
    queries: u64,
    frames: u64,
    turns: u64,
    /// Messages heard on channels: each takes a turn, and one for each node it is for.
    heard: u64,
    nodes: u64,
    /// Nodes of all tabs.
    all: u64,
    /// Requests for bodies that nobody has any more, and answers to them: one a second for each
    /// pair of nodes.
    bodies: u64,
}

impl Checker for Quiet {
    fn name(&self) -> &'static str {
        "quiet"
    }

    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String> {
        match seen {
            Seen::Quiet => {
                self.since = Some(scene.now);
                let nodes = |view: &View| u64::try_from(view.glance.nodes.len()).unwrap_or(0);
                let all = scene.views.values().map(nodes).sum();
                let deeds = |view| Deeds::of(nodes(view), all);
                let views = scene.views.iter();
                self.deeds = views.map(|(life, view)| (*life, deeds(view))).collect();
            }
            Seen::Step {
                life,
                input,
                effects,
                ..
            } => {
                if let Some(deeds) = self.deeds.get_mut(life) {
                    deeds.count(input, effects);
                }
            }
            Seen::Died { life } => drop(self.deeds.remove(life)),
            Seen::End => {
                let seconds = self
                    .since
                    .map_or(0, |since| (scene.now - since) / 1_000_000);
                // If some tab keeps nothing, others look into storage again and again. So does one
                // that waits for a room's lock that is held for ever.
                let kept = scene.views.values().all(|view| {
                    let hostage = |room| scene.locks.hostage(room);
                    view.glance.kept && !view.glance.room.is_some_and(hostage)
                });
                for (life, deeds) in &mut self.deeds {
                    deeds.stored *= u64::from(kept);
                    deeds
                        .judge(seconds)
                        .map_err(|what| format!("{life:?} {what} in {seconds} quiet seconds"))?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Deeds {
    fn of(nodes: u64, all: u64) -> Self {
        Self {
            nodes,
            all,
            ..Self::default()
        }
    }

    fn count(&mut self, input: &Input, effects: &[Effect]) {
        self.turns += u64::from(*input == Input::Turn);
        self.heard += u64::from(matches!(input, Input::Heard(..)));
        for effect in effects {
            match effect {
                Effect::Say(Channel::Room, bytes) if of_a_body(bytes) => self.bodies += 1,
                Effect::Say(Channel::Room, _) => self.room += 1,
                Effect::Say(Channel::Power, _) => self.power += 1,
                Effect::Read { .. } | Effect::Write { .. } => self.stored += 1,
                Effect::QueryLocks(_) => self.queries += 1,
                Effect::Post(FromEngine::Frame(_)) => self.frames += 1,
                _ => {}
            }
        }
    }

    fn judge(&self, seconds: u64) -> Result<(), String> {
        let rows = [
            (
                "speaks in the room",
                self.room.saturating_sub(self.nodes * seconds / 2),
                MOST.room,
            ),
            ("announces power", self.power, MOST.power),
            ("reads and writes", self.stored, MOST.stored),
            ("queries locks", self.queries, MOST.queries),
            ("sends frames", self.frames, MOST.frames),
            (
                "takes needless turns",
                self.turns.saturating_sub(
                    (1 + self.nodes) * self.heard + self.nodes * self.nodes * seconds,
                ),
                MOST.turns,
            ),
        ];
        if self.bodies > 2 * self.nodes * self.all * (seconds + 1) {
            return Err(format!("speaks about missing bodies {} times", self.bodies));
        }
        for (what, count, most) in rows {
            if count > (most * seconds).div_ceil(10) + u64::from(most > 0) {
                return Err(format!("{what} {count} times"));
            }
        }
        Ok(())
    }
}

/// Whether a packet asks for bodies, or says that some were not found.
fn of_a_body(bytes: &[u8]) -> bool {
    let envelope = open(bytes).filter(|envelope| envelope.kind == Kind::Packet);
    let message = envelope.and_then(|envelope| {
        let packet = Opened::unchecked(&envelope.payload)?;
        Message::decode(packet.message).ok()
    });
    matches!(message, Some(Message::GetBodies(_) | Message::NotFound(_)))
}

#[cfg(test)]
mod tests {
    use super::super::scaffold::{Theatre, taking_part};
    use super::*;

    #[test]
    fn a_tab_that_chatters_is_found() {
        let mut theatre = Theatre::<Quiet>::new();
        theatre
            .step(1, Input::Turn, &[], taking_part(1))
            .expect("loud");
        theatre.see(&Seen::Quiet).expect("begins");
        let says = Effect::Say(Channel::Power, vec![]);
        for count in 1..30 {
            theatre.now += 300_000;
            let step = theatre.step(1, Input::Turn, std::slice::from_ref(&says), taking_part(1));
            assert_eq!(step, Ok(()));
            let fine = theatre.see(&Seen::End).is_ok();
            assert!(fine || count > 1);
        }
        assert!(theatre.see(&Seen::End).is_err());
    }
}
