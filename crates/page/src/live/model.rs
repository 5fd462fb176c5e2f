//! The live room's own state, beside the engine's picture.

use std::rc::Rc;

use chain::BlockId;
use protocol::Event;
use wire::{Happening, LogEntry};

use super::log::{Line, Log};

/// The panel that a small screen shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Panel {
    #[default]
    Mine,
    Chain,
    Peers,
    Log,
}

/// The room's state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Live {
    pub log: Rc<Log>,
    pub panel: Panel,
    /// The selected block; `None` follows the newest.
    pub selected: Option<BlockId>,
    /// How often this tab's nodes have switched branches: each time, the state of blocks below the
    /// picture may have changed.
    pub switches: u32,
    /// The line that a screen reader should say.
    pub spoken: Option<Rc<Line>>,
}

/// A change that a person makes to it.
pub enum Change {
    /// Shows another panel.
    Panel(Panel),
    /// Selects a block, and shows the chain panel so that a small screen shows it too.
    Select(Option<BlockId>),
}

impl Live {
    /// Makes a change.
    pub fn change(&mut self, change: Change) {
        match change {
            Change::Panel(panel) => self.panel = panel,
            Change::Select(selected) => {
                if selected.is_some() {
                    self.panel = Panel::Chain;
                }
                self.selected = selected;
            }
        }
    }

    /// Forgets what belongs to the previous room's chain.
    pub fn leave(&mut self) {
        self.log = Rc::default();
        self.selected = None;
    }

    /// Takes in new entries of the log.
    pub fn write(&mut self, entries: &[LogEntry]) {
        if entries.is_empty() {
            return;
        }
        for line in Rc::make_mut(&mut self.log).write(entries) {
            match &line.entry.what {
                Happening::InNode { event, .. } => match event {
                    Event::Found { .. } | Event::Leads { .. } => self.spoken = Some(line),
                    Event::Reorganised { .. } => {
                        self.spoken = Some(line);
                        self.switches = self.switches.wrapping_add(1);
                    }
                    _ => {}
                },
                Happening::Reset | Happening::ResetUndone => self.selected = None,
                _ => {}
            }
        }
    }
}
