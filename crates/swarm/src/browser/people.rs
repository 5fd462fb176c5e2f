//! What people do according to the script.

use chain::{Height, PeerId};
use wire::ask::{
    AddNode, Export, GetBlock, GetBlocks, GetStatus, RemoveNode, Reset, SetOnline, SetPower,
    StartMining, StopMining, UndoReset,
};
use wire::{Ask, BlockKey, Power, Subject, ToEngine};

use super::page::Memory;
use super::{MS, World};
use crate::script::{Family, Step, Verb};

impl World {
    /// Carries out a step of the script.
    pub(super) fn act(&mut self, step: Step) {
        match step.verb.family() {
            Family::Locks | Family::Databases | Family::Slow | Family::Clocks | Family::Workers => {
                self.fault(step)
            }
            Family::Talk => self.talk(step),
            Family::Posers => self.pose(step),
            Family::Freezes | Family::Deaths => self.strike(step),
            Family::Tabs | Family::Mining | Family::Switches | Family::Resets => {
                self.person(step);
            }
        }
    }

    /// The open page that `who` means.
    pub(super) fn page_of(&self, who: u32) -> Option<usize> {
        let open: Vec<usize> = (0..self.pages.len())
            .filter(|page| self.pages[*page].open)
            .collect();
        let who = usize::try_from(who).ok()?.checked_rem(open.len())?;
        open.get(who).copied()
    }

    fn person(&mut self, step: Step) {
        self.coverage.count(step.verb.text());
        if step.verb == Verb::Open {
            return self.open(step.how);
        }
        let Some(page) = self.page_of(step.who) else {
            return;
        };
        match step.verb {
            Verb::Close => {
                self.end_engine(page);
                self.pages[page].open = false;
            }
            Verb::Reload => self.reload(page),
            Verb::Duplicate => {
                let memory = Memory {
                    mined: false,
                    ..self.pages[page].memory.clone()
                };
                self.open_page(memory, false, 0);
            }
            Verb::Move => {
                self.pages[page].memory.room = self.room(step.how);
                self.pages[page].memory.mined = false;
                self.tell(page, ToEngine::Freeze);
                self.reload_after(page, 200 * MS);
            }
            Verb::Busy => {
                self.pages[page].busy_until = self.now + u64::from(step.how % 8_000) * MS;
            }
            verb => {
                if let Some(ask) = self.question(page, verb, step.how) {
                    self.ask(page, ask);
                }
            }
        }
    }

    fn open(&mut self, how: u32) {
        let memory = Memory {
            nodes: [1, 1, 2, 3][usize::try_from(how >> 4 & 3).unwrap_or(0)],
            room: self.room(how & 15),
            ..Memory::default()
        };
        let slow = match how >> 6 & 15 {
            0 => 9_000 * MS,
            1..4 => 800 * MS,
            _ => 0,
        };
        self.open_page(memory, false, slow);
    }

    fn room(&self, how: u32) -> Option<scenario::Room> {
        match how % 16 {
            0..9 => self.rooms.first().cloned(),
            9..11 => self.rooms.get(1).cloned(),
            11..13 => self.rooms.get(2).cloned(),
            _ => None, // the one last used, or a new one
        }
    }

    fn reload(&mut self, page: usize) {
        self.pages[page].memory.mined = false;
        self.pages[page].replaces = true;
        self.start_engine(page, 0);
    }

    fn reload_after(&mut self, page: usize, delay: u64) {
        self.pages[page].replaces = true;
        self.pages[page].generation += 1;
        let generation = self.pages[page].generation;
        let start = super::events::Event::Start(page, generation);
        self.queue.plan(self.now + delay, start);
    }

    fn question(&self, page: usize, verb: Verb, how: u32) -> Option<Ask> {
        let online = how.is_multiple_of(2);
        let power = setting(how >> 1);
        Some(match verb {
            Verb::AddNode => Ask::AddNode(AddNode),
            Verb::RemoveNode => Ask::RemoveNode(RemoveNode(self.node(page, how, true)?)),
            Verb::Status => Ask::GetStatus(GetStatus),
            Verb::Export => Ask::Export(Export),
            Verb::Blocks => Ask::GetBlocks(GetBlocks {
                from: Height(how % 8),
                to: Height(how % 8 + how % 97),
            }),
            Verb::Block => Ask::GetBlock(GetBlock(BlockKey::Height(Height(how % 6)))),
            Verb::Mine => Ask::StartMining(StartMining {
                power: (!online).then_some(power),
            }),
            Verb::Stop => Ask::StopMining(StopMining),
            Verb::Power => Ask::SetPower(SetPower(power)),
            Verb::Cut | Verb::Join => Ask::SetOnline(SetOnline {
                subject: Subject::Here,
                online: verb == Verb::Join,
            }),
            Verb::SwitchTab => {
                let tabs = &self.pages[page].tabs;
                let which = usize::try_from(how >> 1).ok()?.checked_rem(tabs.len())?;
                let subject = Subject::Tab(tabs[which]);
                Ask::SetOnline(SetOnline { subject, online })
            }
            Verb::SwitchNode => {
                let subject = Subject::Node(self.node(page, how >> 1, false)?);
                Ask::SetOnline(SetOnline { subject, online })
            }
            Verb::Reset => Ask::Reset(Reset),
            Verb::Undo => Ask::UndoReset(UndoReset),
            _ => return None,
        })
    }

    /// A node that the page shows, of its own tab if `here`, otherwise of any.
    fn node(&self, page: usize, which: u32, here: bool) -> Option<PeerId> {
        let nodes = self.pages[page].nodes.iter();
        let nodes: Vec<PeerId> = nodes
            .filter(|(_, own)| *own || !here)
            .map(|(id, _)| *id)
            .collect();
        let which = usize::try_from(which).ok()?.checked_rem(nodes.len())?;
        nodes.get(which).copied()
    }
}

/// A power setting, perhaps with more workers than the machine has cores.
fn setting(how: u32) -> Power {
    let of = |list: [u8; 4], at: u32| list[usize::try_from(at % 4).unwrap_or(0)];
    Power {
        workers: of([1, 2, 4, 64], how),
        duty: of([100, 50, 7, 90], how >> 2),
    }
}
