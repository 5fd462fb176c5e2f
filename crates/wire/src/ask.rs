//! What the page and scripts can ask of a tab, and the type of each answer.

use chain::{BlockId, Height, PeerId};
use serde::{Deserialize, Serialize};

use pool::Power;

use crate::{BlockDetail, BlockView, StatusView};

/// A question whose answer has a known type.
pub trait Question {
    /// What a good answer carries.
    type Answer;

    /// As it travels.
    fn ask(self) -> Ask;

    /// Reads the answer; `None` if it answers another kind of question.
    fn read(answer: Answer) -> Option<Self::Answer>;
}

/// Ties asks to the variant of [`Answer`] that answers them, and gathers them into [`Ask`].
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
    GetStatus => Status(StatusView);
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
}

/// Where things stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetStatus;

/// Mine in this tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartMining {
    /// Sets the shared budget, too; `None` leaves it as it is.
    pub power: Option<Power>,
}

/// Stop mining in this tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopMining;

/// Set the budget that all tabs share, without starting or stopping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPower(pub Power);

/// Cut a tab or a node off from all others, or let it join again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetOnline {
    /// Whom.
    pub subject: Subject,
    /// Joined or cut.
    pub online: bool,
}

/// Who is cut off or joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// This tab: all its nodes.
    Here,
    /// A tab of the room, by [`crate::TabView::id`].
    Tab(PeerId),
    /// A node of the room, whichever tab it lives in.
    Node(PeerId),
}

/// One more node in this tab; answered with its id once it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddNode;

/// Remove a node of this tab; its identity stays for later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveNode(pub PeerId);

/// A block explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetBlock(pub BlockKey);

/// Which block is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockKey {
    /// The one of the best chain at this height.
    Height(Height),
    /// The one with this id.
    Id(BlockId),
}

/// Blocks of the best chain between two heights, both included, at most 2,000, lowest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetBlocks {
    /// First height.
    pub from: Height,
    /// Last height.
    pub to: Height,
}

/// Put this room's chain away in every tab of the browser; can be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset;

/// Bring back what the last reset put away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoReset;

/// The whole chain of this tab's first node as raw block hex, a line each, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export;

/// What came of an ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It is so now.
    Done(()),
    /// Where things stand.
    Status(StatusView),
    /// The node that was added.
    Node(PeerId),
    /// One block.
    Block(Box<BlockDetail>),
    /// Several blocks, lowest first.
    Blocks(Vec<BlockView>),
    /// A text to save.
    Text(String),
}

/// Why an ask did not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable code: `bad-argument`, `unknown-block`, `unknown-node`, `unknown-tab`,
    /// `too-many-nodes`, `last-node`, `nothing-to-undo`, `held-up`, `not-ready`.
    pub code: String,
    /// A sentence in English for developers.
    pub message: String,
}
