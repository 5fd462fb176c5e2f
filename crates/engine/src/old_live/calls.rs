//! What the page and scripts ask for.

use chain::{Height, PeerId};
use wasm_bindgen_futures::spawn_local;

use super::network::{NotRenewed, Renewal};
use super::residents::{self, NotAdded};
use super::{Engine, Handle, State};
use crate::engine::between::beacon::{Control, MOST_NODES};
use crate::engine::browser::page;
use crate::stream::{BlockKey, Call, Failure, FromEngine, Power, Reply};

/// Most blocks in an answer.
const MOST_BLOCKS: u32 = 2_000;

/// Most calls that wait.
const MOST_WAITING: usize = 256;

type Answer = Result<Reply, Failure>;

/// Does what is asked for and answers; while nodes start and read their chain, that waits.
pub fn call(handle: &Handle, id: u32, call: Call) {
    let ready = handle.act(|engine| match engine.state {
        State::Awake if !engine.is_settling() => Some(call),
        State::Awake | State::Waking if engine.waiting.len() < MOST_WAITING => {
            engine.waiting.push((id, call));
            None
        }
        State::Awake | State::Waking => {
            reply(id, Err(failure("not-ready", "too many calls wait already")));
            None
        }
        State::Frozen => {
            reply(id, Err(left()));
            None
        }
    });
    match ready.flatten() {
        Some(call @ (Call::AddNode | Call::Reset | Call::UndoReset)) => {
            let handle = handle.clone();
            spawn_local(async move {
                let answer = take_time(&handle, call).await;
                reply(id, answer);
            });
        }
        Some(call) => {
            if let Some(answer) = handle.act(|engine| engine.answer(call)) {
                reply(id, answer);
            }
        }
        None => {}
    }
}

impl Engine {
    /// Takes up the calls that waited, once there is something to say.
    pub(super) fn take_up_calls(&mut self) {
        if self.is_settling() {
            return;
        }
        for (id, call) in std::mem::take(&mut self.waiting) {
            let handle = self.handle.clone();
            spawn_local(async move { self::call(&handle, id, call) });
        }
    }
}

/// Sends an answer.
pub fn reply(id: u32, result: Answer) {
    page::post(&FromEngine::Reply { id, result });
}

/// Why a call did not work.
pub fn failure(code: &str, message: &str) -> Failure {
    Failure {
        code: code.into(),
        message: message.into(),
    }
}

fn left() -> Failure {
    failure("not-ready", "the tab has left its room")
}

async fn take_time(handle: &Handle, call: Call) -> Answer {
    match call {
        Call::AddNode => {
            let full = || failure("too-many-nodes", "a tab has at most 16 nodes");
            let count = handle.act(|engine| engine.residents.len());
            if count.is_none_or(|count| count >= MOST_NODES) {
                return Err(full());
            }
            match residents::add(handle).await {
                Ok(id) => Ok(Reply::Node(format!("{id:x}"))),
                Err(NotAdded::Full) => Err(full()),
                Err(NotAdded::Left) => Err(left()),
            }
        }
        Call::Reset => renew(handle, Renewal::Reset).await,
        _ => renew(handle, Renewal::Undo).await,
    }
}

async fn renew(handle: &Handle, renewal: Renewal) -> Answer {
    match handle.change_generation(renewal).await {
        Ok(()) => Ok(Reply::Done),
        Err(NotRenewed::NothingToUndo) => Err(failure("nothing-to-undo", "no reset can be undone")),
        Err(NotRenewed::Left) => Err(left()),
    }
}

impl Engine {
    fn answer(&mut self, call: Call) -> Answer {
        self.pace.change();
        match call {
            Call::Status => return Ok(Reply::Status(self.status())),
            Call::StartMining(power) => {
                if let Some(power) = power {
                    self.set_power(checked(power)?);
                }
                self.set_mining(true);
            }
            Call::StopMining => self.set_mining(false),
            Call::SetPower(power) => self.set_power(checked(power)?),
            Call::SetOnline(online) => self.set_online(online),
            Call::SetTabOnline { tab, online } => self.switch_tab(&tab, online)?,
            Call::SetNodeOnline { node, online } => self.switch_node(&node, online)?,
            Call::RemoveNode(node) => self.dismiss(&node)?,
            Call::Block(key) => return self.find_block(&key),
            Call::Blocks { from, to } => return self.list_blocks(from, to),
            Call::Export => return Ok(Reply::Text(self.export())),
            Call::AddNode | Call::Reset | Call::UndoReset => {
                unreachable!("these take time and are answered elsewhere")
            }
        }
        Ok(Reply::Done)
    }

    fn switch_tab(&mut self, tab: &str, online: bool) -> Result<(), Failure> {
        let unknown = || failure("unknown-tab", "no such tab is in this room");
        let tab: PeerId = tab.parse().map_err(|_| unknown())?;
        if tab == self.me {
            self.set_online(online);
        } else if self.tabs.knows(&tab) {
            self.ask_tab(Control::Tab { tab, online });
        } else {
            return Err(unknown());
        }
        Ok(())
    }

    fn switch_node(&mut self, node: &str, online: bool) -> Result<(), Failure> {
        let unknown = || failure("unknown-node", "no such node is in this room");
        let node: PeerId = node.parse().map_err(|_| unknown())?;
        if self.set_node_online(&node, online) {
            return Ok(());
        }
        if !self.tabs.nodes().any(|(_, other)| other.id == node) {
            return Err(unknown());
        }
        self.ask_tab(Control::Node { node, online });
        Ok(())
    }

    fn dismiss(&mut self, node: &str) -> Result<(), Failure> {
        let unknown = || failure("unknown-node", "no such node is in this tab");
        let id: PeerId = node.parse().map_err(|_| unknown())?;
        self.resident(&id).ok_or_else(unknown)?;
        if self.residents.len() == 1 {
            return Err(failure("last-node", "a tab has at least one node"));
        }
        self.remove_node(&id);
        Ok(())
    }

    fn find_block(&self, key: &BlockKey) -> Answer {
        let id = match key {
            BlockKey::Height(height) => self.first().and_then(|node| node.best_at(Height(*height))),
            BlockKey::Hash(hash) => {
                let bad = |_| failure("bad-argument", "a block's hash has 64 hexadecimal digits");
                Some(hash.parse().map_err(bad)?)
            }
        };
        let detail = id.and_then(|id| self.block_detail(&id));
        let detail = detail.ok_or_else(|| failure("unknown-block", "no node here knows it"))?;
        Ok(Reply::Block(Box::new(detail)))
    }

    fn list_blocks(&self, from: u32, to: u32) -> Answer {
        if from > to || to - from >= MOST_BLOCKS {
            return Err(failure("bad-argument", "from 1 to 2000 blocks at a time"));
        }
        Ok(Reply::Blocks(self.best_blocks(from, to)))
    }
}

fn checked(power: Power) -> Result<Power, Failure> {
    let fits = (1..=64).contains(&power.workers) && (1..=100).contains(&power.duty);
    fits.then_some(power).ok_or_else(|| {
        failure(
            "bad-argument",
            "1 to 64 workers, 1 to 100 percent of the time",
        )
    })
}
