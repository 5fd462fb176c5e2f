//! What a room has to know of the protocols and ledgers in the registries, without the code that
//! runs them: a page reads links and shows forms, but runs no node, and need not carry all nodes'
//! code along.

use consensus::PROTOCOLS;
use ledger::LEDGERS;
use protocol::{Entry, ParamSpec, Shape};

/// A protocol, as far as rooms are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtocolOutline {
    /// Short name in links.
    pub id: &'static str,
    /// Its name in its paper.
    pub name: &'static str,
    /// What a node does with what it decides.
    pub shape: Shape,
    /// How many seats a room of it has, where slots are decided: who counts is settled before anybody
    /// comes.
    pub seats: Option<ParamSpec>,
    /// What it calls the time of one leader.
    pub reign: &'static str,
    /// The parameters that it adds to a room.
    pub params: &'static [ParamSpec],
}

/// Most seats of a room: each takes a tab, or a part of one.
const MOST_SEATS: u32 = 9;
/// The most seats of a room that does not say, unless the protocol makes no sense with so few: as many
/// of these as tolerate something.
const USUAL_SEATS: u32 = 5;

/// A ledger, as far as rooms are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerOutline {
    /// Short name in links.
    pub id: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// The parameters that it adds to a room.
    pub params: &'static [ParamSpec],
    /// Whether it keeps money, which somebody has to earn before it can be spent.
    pub has_money: bool,
}

/// What a function makes of each entry of a registry, in its order, when this is compiled.
macro_rules! of_each {
    ($registry:ident, $of:ident) => {{
        let mut all = [$of(&$registry[0]); $registry.len()];
        let mut at = 1;
        while at < $registry.len() {
            all[at] = $of(&$registry[at]);
            at += 1;
        }
        all
    }};
}
pub(crate) use of_each;

static PROTOCOL_OUTLINES: [ProtocolOutline; PROTOCOLS.len()] = of_each!(PROTOCOLS, outline);
static LEDGER_OUTLINES: [LedgerOutline; LEDGERS.len()] = of_each!(LEDGERS, ledger_outline);

const fn outline(entry: &Entry) -> ProtocolOutline {
    ProtocolOutline {
        id: entry.card.id,
        name: entry.card.name,
        shape: entry.shape,
        seats: match entry.shape {
            Shape::Forks => None,
            Shape::Slots => Some(seats(entry.least)),
        },
        reign: entry.card.reign,
        params: entry.params,
    }
}

const fn seats(least: u32) -> ParamSpec {
    ParamSpec {
        name: "seats",
        unit: "",
        min: least as u64,
        max: MOST_SEATS as u64,
        default: if least > USUAL_SEATS {
            least
        } else {
            seats_for((USUAL_SEATS - 1) / each(least), least)
        } as u64,
    }
}

/// How many seats each fault takes, besides the one that is left.
const fn each(least: u32) -> u32 {
    if least > 2 { least - 1 } else { 1 }
}

/// The fewest seats with which so many of them may be faulty.
const fn seats_for(faults: u32, least: u32) -> u32 {
    faults * each(least) + 1
}

const fn ledger_outline(entry: &ledger::LedgerEntry) -> LedgerOutline {
    LedgerOutline {
        id: entry.id,
        name: entry.name,
        params: entry.params,
        // Only transactions that need no money have samples.
        has_money: entry.sample.is_none(),
    }
}

impl ProtocolOutline {
    /// How many seats it takes so that one may be faulty, two, and so on, as far as rooms reach.
    pub fn tolerances(&self) -> impl Iterator<Item = (u32, u32)> + use<> {
        let least = self.seats.and_then(|seats| u32::try_from(seats.min).ok());
        let of = |least: u32| (1..).map(move |faults| (faults, seats_for(faults, least)));
        let all = least.into_iter().flat_map(of);
        all.take_while(|(_, seats)| *seats <= MOST_SEATS)
    }

    /// All protocols; rooms that name none have the first.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &PROTOCOL_OUTLINES
    }

    /// The protocol of this short name.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        PROTOCOL_OUTLINES.iter().find(|one| one.id == id)
    }

    /// Whether rooms can have this protocol with a ledger: what is mined pays money, and what people
    /// submit must not need any, since nobody earns it.
    #[must_use]
    pub fn suits(&self, ledger: &LedgerOutline) -> bool {
        ledger.has_money == (self.shape == Shape::Forks)
    }

    /// The first ledger that suits it.
    #[must_use]
    pub fn usual_ledger(&self) -> Option<&'static LedgerOutline> {
        LEDGER_OUTLINES.iter().find(|ledger| self.suits(ledger))
    }
}

impl LedgerOutline {
    /// All ledgers; rooms that name none have the first.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &LEDGER_OUTLINES
    }

    /// The ledger of this short name.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        LEDGER_OUTLINES.iter().find(|one| one.id == id)
    }
}

/// The limits of a parameter of this name, as the first protocol or ledger that has it states them.
pub(crate) fn spec(name: &str) -> Option<&'static ParamSpec> {
    let protocols = PROTOCOL_OUTLINES.iter().flat_map(|one| one.params);
    let ledgers = LEDGER_OUTLINES.iter().flat_map(|one| one.params);
    protocols.chain(ledgers).find(|spec| spec.name == name)
}
