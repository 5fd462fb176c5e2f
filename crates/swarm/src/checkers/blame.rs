//! No node is blamed for what somebody else sent in its name: all nodes here are correct, so any
//! blame is for a forgery.

use protocol::Event;
use tab::Effect;
use wire::{FromEngine, Happening};

use super::{Checker, Scene, Seen};

/// See the module.
#[derive(Debug, Default)]
pub struct Blame;

impl Checker for Blame {
    fn name(&self) -> &'static str {
        "blame"
    }

    fn see(&mut self, seen: &Seen<'_>, _: &Scene<'_>) -> Result<(), String> {
        let Seen::Step { life, effects, .. } = seen else {
            return Ok(());
        };
        for effect in *effects {
            let Effect::Post(FromEngine::Frame(frame)) = effect else {
                continue;
            };
            for line in &frame.log {
                if let Happening::InNode { seat, event, .. } = &line.what
                    && let Event::Misbehaved { peer, reason } = event
                {
                    return Err(format!("{life:?}: seat {seat} blames {peer}: {reason}"));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scaffold::{Theatre, id, taking_part};
    use super::*;
    use tab::Input;
    use wire::{Frame, LogEntry};

    #[test]
    fn a_node_that_is_blamed_is_found() {
        let frame = |event| {
            let what = Happening::InNode {
                seat: 1,
                event,
                miner: None,
            };
            let (number, at) = (1, 0);
            Effect::Post(FromEngine::Frame(Box::new(Frame {
                number,
                parts: vec![],
                log: vec![LogEntry { number, at, what }],
            })))
        };
        let height = chain::Height(1);
        let reason = "garbage".into();
        let blames = Event::Misbehaved {
            peer: id(2),
            reason,
        };
        let mut theatre = Theatre::<Blame>::new();
        let mut tell = |event| theatre.step(1, Input::Turn, &[frame(event)], taking_part(1));
        assert_eq!(tell(Event::Restored { height }), Ok(()));
        assert!(tell(blames).is_err());
    }
}
