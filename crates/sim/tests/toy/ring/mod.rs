//! A token ring: see README.md in this folder. It is no protocol for use, but shows what one takes.

use chain::Micros;
use protocol::{Card, Entry, ParamSpec, Protocol, Role, Shape, Terms, Twist};

mod claims;
mod client;
mod member;
pub mod message;

use client::Client;
use member::{Member, Setup};

/// The token ring's entry in the registry.
pub const ENTRY: Entry = Entry {
    card: Card {
        id: "ring",
        name: "Token ring",
        paper: "none: a toy",
        tolerance: "members that crash and come back; none that stays away or lies",
        reign: "turn",
        roles: &["waiting", "holding", "client"],
    },
    shape: Shape::Slots,
    least: 2,
    liars: |_| 0,
    params: &[
        ParamSpec {
            name: "hold",
            unit: "ms",
            min: 1,
            max: 60_000,
            default: 20,
        },
        ParamSpec {
            name: "resend",
            unit: "ms",
            min: 10,
            max: 600_000,
            default: 300,
        },
    ],
    build: |terms| build(terms, false),
    twists: &[Twist {
        id: "hoard",
        what: "keeps the token",
        build: |terms| build(terms, true),
    }],
    claims: |_| vec![Box::new(claims::OneToken::default())],
};

const WAITING: u8 = 0;
const HOLDING: u8 = 1;
const CLIENT: u8 = 2;

fn build(terms: &Terms, hoards: bool) -> Box<dyn Protocol> {
    let [hold, resend] = [0, 1].map(|place| Micros::from_millis(terms.value(place)));
    let members = terms.members.clone();
    match terms.role {
        Role::Client => Box::new(Client::new(members, resend)),
        Role::Member => Box::new(Member::new(Setup {
            seat: terms.seat,
            members,
            hold,
            resend,
            hoards,
        })),
    }
}
