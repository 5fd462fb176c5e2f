//! What is claimed about a run, judged from outside the machines.

use alloc::{boxed::Box, rc::Rc, string::String, sync::Arc, vec::Vec};
use core::any::Any;

use chain::{PeerId, Time};

use crate::{Glance, Input, Key, Output, Space, To, Values, Write, kept, said};

/// What a claim is shown of a step.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// When.
    pub at: Time,
    /// The machine's place in the scenario.
    pub seat: u32,
    /// Its name.
    pub peer: PeerId,
    /// What it was given.
    pub input: &'a Input,
    /// What it wants done; of a step in which it crashed, only the part that was done.
    pub out: &'a [Output],
    /// What it looks like now; `None` if it crashed in this step.
    pub glance: Option<Glance>,
}

/// What a claim is shown of a machine's death, which may come at any time. If it came in a step, that
/// was shown just before.
#[derive(Clone, Copy, Debug)]
pub struct Death<'a> {
    /// The machine's place in the scenario.
    pub seat: u32,
    /// Its name.
    pub peer: PeerId,
    /// What its disk still has, if it lost saves that were shown.
    pub remains: Option<Remains<'a>>,
}

/// All values on a disk.
#[derive(Clone, Copy, Debug)]
pub struct Remains<'a> {
    /// The machine's own.
    pub own: &'a Values,
    /// Those of its room.
    pub shared: &'a Values,
}

/// Something that the protocol of a machine did, without what its node wraps around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed<'a> {
    /// It said something to a peer.
    Said {
        /// To whom.
        to: PeerId,
        /// What.
        bytes: &'a [u8],
    },
    /// It saved a value.
    Put {
        /// The protocol's name for it.
        name: &'a [u8],
        /// The value.
        value: &'a Arc<[u8]>,
    },
    /// It removed all values from a name on, up to but not including another.
    DeletedRange {
        /// The first to go.
        from: &'a [u8],
        /// The first to stay.
        until: &'a [u8],
    },
}

impl<'a> Seen<'a> {
    /// What the protocol said and saved in this step, in causal order.
    pub fn deeds(&self) -> impl Iterator<Item = Deed<'a>> + use<'a> {
        self.out.iter().flat_map(Output::deeds)
    }
}

impl Output {
    /// What the protocol says or saves by this.
    pub fn deeds(&self) -> impl Iterator<Item = Deed<'_>> {
        let writes = match self {
            Self::Save(batch) => &batch.0[..],
            _ => &[],
        };
        spoken(self)
            .into_iter()
            .chain(writes.iter().filter_map(saved))
    }
}

fn spoken(output: &Output) -> Option<Deed<'_>> {
    match output {
        Output::Send {
            to: To::Peer(to),
            packet,
        } => {
            let bytes = said(packet)?;
            Some(Deed::Said { to: *to, bytes })
        }
        _ => None,
    }
}

fn saved(write: &Write) -> Option<Deed<'_>> {
    match write {
        Write::Put {
            key: Key {
                space: Space::Own,
                name,
            },
            value,
        } => {
            let name = kept(name)?;
            Some(Deed::Put { name, value })
        }
        Write::DeleteRange { from, until } => Some(Deed::DeletedRange {
            from: kept(from)?,
            until: kept(until)?,
        }),
        Write::Put { .. } | Write::Delete { .. } => None,
    }
}

/// One claim about a run. It is shown every step of every machine and shares no code with them, but
/// for the codec of what they say and save.
pub trait Claim {
    /// Its name, for people and reports.
    fn name(&self) -> &'static str;

    /// Looks at a step.
    ///
    /// # Errors
    /// What breaks the claim, in one sentence.
    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String>;

    /// Looks at a step of a machine that lies on purpose. Nothing is asked of it, but what it says may be
    /// why others do what they do.
    fn after_twisted(&mut self, _seen: &Seen<'_>) {}

    /// Looks at a death.
    ///
    /// # Errors
    /// What breaks the claim: something that was lost in it.
    fn died(&mut self, _death: &Death<'_>) -> Result<(), String> {
        Ok(())
    }

    /// Whether what should have happened by the end of the run has happened.
    ///
    /// # Errors
    /// What has not.
    fn at_end(&self, _at: Time) -> Result<(), String> {
        Ok(())
    }

    /// Whether progress may depend on a machine. It does not on one that takes no part any more: while
    /// only such ones are away, progress is owed.
    fn needs(&self, _peer: PeerId) -> bool {
        true
    }

    /// An independent copy in O(1). Claims that share something, and are copied with the same `kin`, share
    /// one copy of it.
    fn fork(&self, kin: &mut Kin) -> Box<dyn Claim>;
}

/// What claims share, and the copy of each that their copies share.
#[derive(Default)]
pub struct Kin(Vec<(Rc<dyn Any>, Rc<dyn Any>)>);

impl Kin {
    /// The copy of something, made when it is first asked for.
    pub fn copy<T: Clone + 'static>(&mut self, shared: &Rc<T>) -> Rc<T> {
        let is_it = |one: &Rc<dyn Any>| core::ptr::addr_eq(Rc::as_ptr(one), Rc::as_ptr(shared));
        let known = self.0.iter().find(|(one, _)| is_it(one));
        if let Some(copy) = known.and_then(|(_, copy)| copy.clone().downcast().ok()) {
            return copy;
        }
        let copy = Rc::new(T::clone(shared));
        self.0.push((shared.clone(), copy.clone()));
        copy
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    #[test]
    fn what_is_shared_is_copied_once_for_all_kin() {
        let (one, other) = (Rc::new(Cell::new(1)), Rc::new(Cell::new(1)));
        let mut kin = Kin::default();
        let copies = [&one, &one, &other].map(|shared| kin.copy(shared));
        copies[0].set(2);
        assert_eq!(copies.map(|copy| copy.get()), [2, 2, 1]);
        assert_eq!(Kin::default().copy(&one).get(), 1, "others have their own");
    }
}
