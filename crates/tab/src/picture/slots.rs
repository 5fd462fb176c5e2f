//! The picture of a room in which slots are decided: servers by seat, as they describe themselves,
//! and the last blocks that came of what they decided.

use chain::{Height, PeerId};
use node::Replica;
use protocol::{Body, Machine, Proposal, Sheet, Value};
use scenario::Told;
use wire::{DecidedView, FormView, RowView, SeatView, ServerView, SlotsView, ToldView, ValueView};

use crate::between::heartbeat::{MOST_ROWS, MOST_WORD};
use crate::cx::Cx;
use crate::lasting::Lasting;
use crate::session::Member;

/// Most blocks in a picture.
const MOST_BLOCKS: u32 = 16;
/// Most requests of a block that are spelt out.
const MOST_REQUESTS: usize = 4;
/// The longest value of a transaction or receipt that is shown, in characters.
const MOST_TEXT: usize = 64;

/// The part of the picture; empty where blocks are mined.
pub fn view(cx: &Cx<'_>, l: &Lasting, member: &Member) -> SlotsView {
    let seats = (0_u32..).zip(l.sitting.iter());
    SlotsView {
        seats: seats
            .map(|(seat, one)| SeatView {
                seat,
                server: server(cx, l, member, &one.id),
            })
            .collect(),
        blocks: member
            .first_server()
            .map_or_else(Vec::new, |replica| blocks(l, replica)),
    }
}

/// What can be asked of the room's ledger.
pub fn forms(l: &Lasting) -> Vec<FormView> {
    let forms = l.rules.ledger.forms.iter().filter(|_| l.has_slots());
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).into()).collect();
    forms
        .map(|form| FormView {
            id: form.id.into(),
            fields: owned(form.fields),
        })
        .collect()
}

/// What a protocol says of its state, as far as it is one row each.
pub fn rows(replica: &Replica) -> Vec<RowView> {
    let sheet = replica.inspect();
    let protocol = sheet.rows.into_iter().find_map(|row| match row.value {
        Value::Part(part) if row.label == "protocol" => Some(part),
        _ => None,
    });
    let Sheet { rows, .. } = protocol.unwrap_or_default();
    let row = |row: protocol::Row| {
        let value = match row.value {
            Value::Number(number) => ValueView::Number(number),
            Value::Word(word) if word.len() <= MOST_WORD => ValueView::Word(word.into()),
            Value::Peer(peer) => ValueView::Peer(peer),
            _ => return None,
        };
        let label = row.label.into();
        Some(RowView { label, value })
    };
    rows.into_iter().filter_map(row).take(MOST_ROWS).collect()
}

/// A transaction or receipt as the page shows it.
pub fn told(told: Told) -> ToldView {
    ToldView {
        what: told.what.into(),
        values: told.values.iter().map(|value| shown(value)).collect(),
    }
}

/// Whoever runs a seat's server, here or elsewhere.
fn server(cx: &Cx<'_>, l: &Lasting, member: &Member, id: &PeerId) -> Option<ServerView> {
    if let Some(one) = member.hosted(id) {
        let replica = member.host.get(id)?.slots()?;
        return Some(ServerView {
            tab: l.label,
            here: true,
            online: l.online && one.online,
            height: replica.glance().height.0,
            rows: with_seats(l, rows(replica)),
        });
    }
    let named =
        |tab: &&crate::between::tabs::Tab| tab.heartbeat.nodes.iter().any(|node| node.id == *id);
    let tab = member.tabs.alive().map(|(_, tab)| tab).find(named)?;
    let node = tab.heartbeat.nodes.iter().find(|node| node.id == *id)?;
    Some(ServerView {
        tab: tab.heartbeat.label,
        here: false,
        online: tab.heartbeat.online && node.online && !tab.is_silent(cx.ms()),
        height: node.height,
        rows: with_seats(l, node.rows.clone()),
    })
}

/// Names members by their seats.
fn with_seats(l: &Lasting, rows: Vec<RowView>) -> Vec<RowView> {
    let seated = |row: RowView| match row.value {
        ValueView::Peer(peer) => RowView {
            value: l
                .seat_of(&peer)
                .map_or(ValueView::Peer(peer), ValueView::Seat),
            ..row
        },
        _ => row,
    };
    rows.into_iter().map(seated).collect()
}

fn blocks(l: &Lasting, replica: &Replica) -> Vec<DecidedView> {
    let top = replica.glance().height.0;
    let lowest = top.saturating_sub(MOST_BLOCKS - 1).max(1);
    let epoch = u64::from(l.params.genesis.header.time.0);
    let heights = (lowest..=top).map(Height);
    heights
        .filter_map(|height| {
            let (header, proposal) = replica.block(height)?;
            let (requests, more) = requests(l, proposal);
            Some(DecidedView {
                id: header.id(),
                height: height.0,
                slot: header.slot,
                time: epoch.saturating_add(header.time.0 / 1_000_000),
                proposer: header.proposer.0,
                requests,
                more,
            })
        })
        .collect()
}

/// What was asked for, as far as it is shown, and how many requests there are besides.
fn requests(l: &Lasting, proposal: &Proposal) -> (Vec<ToldView>, u32) {
    let Body::Requests(requests) = &proposal.body else {
        return (Vec::new(), 0);
    };
    let tell = |tx: &[u8]| {
        let transaction = (l.rules.ledger.tell_transaction)(tx);
        transaction.map_or_else(
            || ToldView {
                what: "undecodable".into(),
                values: Vec::new(),
            },
            told,
        )
    };
    let shown = requests.iter().take(MOST_REQUESTS);
    let more = requests.len().saturating_sub(MOST_REQUESTS);
    (
        shown.map(|request| tell(&request.tx)).collect(),
        u32::try_from(more).unwrap_or(u32::MAX),
    )
}

/// Bytes as text: what is no text, or cannot be printed, is escaped.
fn shown(bytes: &[u8]) -> String {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().flat_map(escaped).take(MOST_TEXT + 1).collect(),
        Err(_) => bytes
            .escape_ascii()
            .map(char::from)
            .take(MOST_TEXT + 1)
            .collect::<String>(),
    };
    match text.char_indices().nth(MOST_TEXT) {
        Some((end, _)) => text[..end].to_owned() + "\u{2026}",
        None => text,
    }
}

fn escaped(letter: char) -> impl Iterator<Item = char> {
    let escape = letter.is_control().then(|| letter.escape_default());
    let plain = escape.is_none().then_some(letter);
    escape.into_iter().flatten().chain(plain)
}
