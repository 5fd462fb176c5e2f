//! Broadcast channels of one origin: who listens under which name, and what was said there, for
//! hostile pages to repeat.

use std::collections::{BTreeMap, VecDeque};

use chain::PeerId;
use protocol::envelope::{Envelope, Kind, RoomId};
use tab::door::Channel;

use super::Life;

/// How many messages on each channel are remembered for hostile pages.
const REMEMBERED: usize = 48;

/// Where an envelope's kind and room are, and which kind is a packet.
const KIND_AT: usize = 3;
const PACKET: u8 = 0;
const ROOM_AT: usize = 4;
/// Most messages of a tab that are remembered: its first heartbeat, and commands after it.
const MOST_TAPED: usize = 24;

/// All channels.
#[derive(Debug, Default)]
pub struct Channels {
    listeners: BTreeMap<(Life, Channel), Listener>,
    listened: u64,
    said: BTreeMap<String, VecDeque<Vec<u8>>>,
    tapes: BTreeMap<String, BTreeMap<PeerId, Vec<Vec<u8>>>>,
}

#[derive(Debug)]
struct Listener {
    name: String,
    /// Tells it from earlier listeners: one that was closed hears nothing more.
    number: u64,
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Which engine.
    pub life: Life,
    /// Which of its channels.
    pub channel: Channel,
    /// Which listener there.
    pub number: u64,
}

impl Channels {
    /// An engine listens from now on.
    pub fn listen(&mut self, life: Life, channel: Channel, name: String) {
        self.listened += 1;
        let number = self.listened;
        self.said.entry(name.clone()).or_default();
        self.listeners
            .insert((life, channel), Listener { name, number });
    }

    /// An engine no longer listens.
    pub fn deafen(&mut self, life: Life, channel: Channel) {
        self.listeners.remove(&(life, channel));
    }

    /// An engine is gone.
    pub fn forget(&mut self, life: Life) {
        self.listeners.retain(|(other, _), _| *other != life);
    }

    /// An engine says something. Returns who may hear it: nobody, unless it listens there itself.
    pub fn say(&mut self, life: Life, channel: Channel, bytes: &[u8]) -> Vec<Receiver> {
        let Some(listener) = self.listeners.get(&(life, channel)) else {
            return Vec::new();
        };
        let name = listener.name.clone();
        let said = self.said.entry(name.clone()).or_default();
        said.push_back(bytes.to_vec());
        if said.len() > REMEMBERED {
            said.pop_front();
        }
        self.tape(&name, bytes);
        let mut receivers = self.receivers(&name);
        receivers.retain(|receiver| receiver.life != life);
        receivers
    }

    /// Remembers what a tab has signed: its first heartbeat, and what it commanded after that.
    fn tape(&mut self, name: &str, bytes: &[u8]) {
        if bytes.get(KIND_AT).is_none_or(|kind| *kind == PACKET) {
            return;
        }
        let Some(said) = open(bytes) else { return };
        let tape = self.tapes.entry(name.into()).or_default();
        let tape = tape.entry(said.sender).or_default();
        let wanted = match said.kind {
            Kind::Heartbeat => tape.is_empty(),
            Kind::Command => !tape.is_empty() && tape.len() < MOST_TAPED,
            Kind::Packet => false,
        };
        if wanted {
            tape.push(bytes.to_vec());
        }
    }

    /// What a tab has signed, in order, and on which channel; of the tabs that have given commands,
    /// modulo how many there are.
    #[must_use]
    pub fn taped(&self, which: u32) -> Option<(String, Vec<Vec<u8>>)> {
        let of_name = |(name, tapes): (&String, &BTreeMap<_, Vec<Vec<u8>>>)| {
            let tapes = tapes.values().filter(|tape| tape.len() > 1);
            tapes
                .map(|tape| (name.clone(), tape.clone()))
                .collect::<Vec<_>>()
        };
        let all: Vec<_> = self.tapes.iter().flat_map(of_name).collect();
        let which = usize::try_from(which).ok()?.checked_rem(all.len())?;
        all.into_iter().nth(which)
    }

    /// The channel on which somebody has spoken in a room.
    #[must_use]
    pub fn of_room(&self, room: RoomId) -> Option<String> {
        let in_room = |bytes: &Vec<u8>| open(bytes).is_some_and(|said| said.room == room);
        let mut all = self.said.iter();
        all.find(|(_, said)| said.iter().any(in_room))
            .map(|(name, _)| name.clone())
    }

    /// Who listens under a name.
    #[must_use]
    pub fn receivers(&self, name: &str) -> Vec<Receiver> {
        let of_name = self
            .listeners
            .iter()
            .filter(|(_, listener)| listener.name == name);
        let receiver = |((life, channel), listener): (&(Life, Channel), &Listener)| Receiver {
            life: *life,
            channel: *channel,
            number: listener.number,
        };
        of_name.map(receiver).collect()
    }

    /// Whether that listener is still there.
    #[must_use]
    pub fn hears(&self, to: Receiver) -> bool {
        self.listeners
            .get(&(to.life, to.channel))
            .is_some_and(|listener| listener.number == to.number)
    }

    /// A name under which somebody has listened; `which` is taken modulo how many there are.
    #[must_use]
    pub fn name(&self, which: u32) -> Option<String> {
        let count = u32::try_from(self.said.len()).ok()?;
        let which = usize::try_from(which.checked_rem(count)?).ok()?;
        self.said.keys().nth(which).cloned()
    }

    /// Something that was said under a name lately; `which` is taken modulo how much there is.
    #[must_use]
    pub fn said(&self, name: &str, which: u32) -> Option<Vec<u8>> {
        let said = self.said.get(name)?;
        let which = which.checked_rem(u32::try_from(said.len()).ok()?)?;
        said.get(usize::try_from(which).ok()?).cloned()
    }
}

/// Decodes an envelope of any room.
#[must_use]
pub fn open(bytes: &[u8]) -> Option<Envelope> {
    let room = bytes.get(ROOM_AT..ROOM_AT + 16)?.try_into().ok()?;
    Envelope::decode(bytes, RoomId(room)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_but_the_speaker_hears() {
        let mut channels = Channels::default();
        for life in 1..=3 {
            let name = if life < 3 { "room" } else { "other" };
            channels.listen(Life(life), Channel::Room, name.into());
        }
        assert_eq!(channels.say(Life(4), Channel::Room, b"x"), []);
        let heard = channels.say(Life(1), Channel::Room, b"x");
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].life, Life(2));
        assert!(channels.hears(heard[0]));
        channels.listen(Life(2), Channel::Room, "room".into());
        assert!(!channels.hears(heard[0]), "that was an earlier listener");
        assert_eq!(channels.said("room", 9).as_deref(), Some(&b"x"[..]));
    }
}
