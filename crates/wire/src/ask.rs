//! What the page and scripts can ask of a tab, and the type of each answer.

use chain::{BlockId, Height, PeerId, Txid};
use serde::{Deserialize, Serialize};

use pool::Power;

use crate::coins::{CoinsView, MempoolView};
use crate::{BlockDetail, BlockView, StatusView, ToldView};

/// A question whose answer has a known type.
pub trait Question {
    /// What a successful answer carries.
    type Answer;

    /// Wraps the question for sending.
    fn ask(self) -> Ask;

    /// Unwraps the answer; `None` if it belongs to another kind of question.
    fn read(answer: Answer) -> Option<Self::Answer>;
}

/// Ties each question to the [`Answer`] variant that answers it and gathers all of them in [`Ask`].
macro_rules! questions {
    ($($name:ident => $answer:ident($content:ty);)*) => {
        $(impl Question for $name {
            type Answer = $content;

            fn ask(self) -> Ask {
                Ask::$name(self)
            }

            fn read(answer: Answer) -> Option<$content> {
                match answer {
                    Answer::$answer(content) => Some(content),
                    _ => None,
                }
            }
        })*

        /// Any of the questions.
        #[allow(missing_docs, reason = "each variant is named for the question it carries")]
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Ask {
            $($name($name)),*
        }
    };
}

questions! {
    GetStatus => Status(Box<StatusView>);
    StartMining => Done(());
    StopMining => Done(());
    SetPower => Done(());
    SetOnline => Done(());
    AddNode => Node(PeerId);
    RemoveNode => Done(());
    GetBlock => Block(Box<BlockDetail>);
    GetBlocks => Blocks(Vec<BlockView>);
    Reset => Done(());
    UndoReset => Done(());
    Export => Text(String);
    Submit => Receipt(ToldView);
    SendTransaction => Transaction(Txid);
    PayTo => Done(());
    GetCoins => Coins(Box<CoinsView>);
    GetMempool => Mempool(Box<MempoolView>);
}

/// Get a summary of this tab and its room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetStatus;

/// Start mining in this tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartMining {
    /// Also sets the shared budget; `None` leaves it unchanged.
    pub power: Option<Power>,
}

/// Stop mining in this tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopMining;

/// Set the budget that all tabs share, without starting or stopping mining.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPower(pub Power);

/// Cut a tab or a node off from all others, or reconnect it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetOnline {
    /// Whom to cut off or reconnect.
    pub subject: Subject,
    /// True to reconnect, false to cut off.
    pub online: bool,
}

/// Who is cut off or reconnected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// This tab, with all its nodes.
    Here,
    /// A tab of the room, by [`crate::TabView::id`].
    Tab(PeerId),
    /// A node of the room, whichever tab it lives in.
    Node(PeerId),
}

/// Add a node to this tab; answered with its id once it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddNode;

/// Remove a node from this tab; its identity is kept for later use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveNode(pub PeerId);

/// Get one block with every detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetBlock(pub BlockKey);

/// Which block is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockKey {
    /// The block of the best chain at this height.
    Height(Height),
    /// The block with this id.
    Id(BlockId),
}

/// Get the blocks of the best chain between two heights, inclusive, at most 2,000, lowest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetBlocks {
    /// First height.
    pub from: Height,
    /// Last height.
    pub to: Height,
}

/// Set this room's chain aside in every tab of the browser; can be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset;

/// Bring back the chain that the last reset set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoReset;

/// Export the whole chain of this tab's first node: raw blocks in hex, one per line, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export;

/// Have a transaction carried out, in a room in which slots are decided; answered once it was, or is
/// sure never to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submit {
    /// Which form was filled in, by [`crate::FormView::id`].
    pub form: String,
    /// What its fields say.
    pub values: Vec<String>,
}

/// Have a transaction come into a block, in a room in which blocks are found; answered once a node of this
/// tab has judged it. Its bytes, as Bitcoin writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendTransaction(pub Vec<u8>);

/// Have the blocks that this tab finds pay an address, or each node itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayTo(pub Option<String>);

/// Get the coins of some addresses, at most 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetCoins(pub Vec<String>);

/// Get what waits for a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMempool;

/// The result of an ask that succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It is done; there is nothing else to say.
    Done(()),
    /// A summary of the tab and its room.
    Status(Box<StatusView>),
    /// The node that was added.
    Node(PeerId),
    /// One block.
    Block(Box<BlockDetail>),
    /// Several blocks, lowest first.
    Blocks(Vec<BlockView>),
    /// A text to save.
    Text(String),
    /// What came of a transaction.
    Receipt(ToldView),
    /// A transaction that waits now.
    Transaction(Txid),
    /// Coins.
    Coins(Box<CoinsView>),
    /// What waits for a block.
    Mempool(Box<MempoolView>),
}

/// Why an ask failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable code: `bad-argument`, `unknown-block`, `unknown-node`, `unknown-tab`,
    /// `too-many-nodes`, `last-node`, `nothing-to-undo`, `held-up`, `not-ready`, `wrong-room` (rooms
    /// of this kind do not have that), `refused` (a transaction; the message is the reason by its standard
    /// name), `no-seat`, `interrupted` (whether it was carried out is not
    /// known).
    pub code: String,
    /// An explanation for developers, in English.
    pub message: String,
}
