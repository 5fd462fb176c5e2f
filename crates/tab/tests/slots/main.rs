//! Tabs of one ideal browser in a room in which slots are decided: every write succeeds, everything
//! is answered at once, and what one tab says all others hear.
#![cfg(not(target_arch = "wasm32"))]

mod browser;
#[path = "../disk/mod.rs"]
mod disk;

use tab::door::{DbId, LockAnswer, LockId};
use tab::{Input, Stage};
use wire::ask::{AddNode, Export, GetStatus, RemoveNode, Reset, StartMining, Submit};
use wire::live::NoSeat;
use wire::{Failure, Notice, ToEngine, ToldView};

use self::browser::{Browser, Page};

fn filled(form: &str, values: &[&str]) -> Submit {
    Submit {
        form: form.into(),
        values: values.iter().map(|value| (*value).into()).collect(),
    }
}

fn told(what: &str, values: &[&str]) -> ToldView {
    ToldView {
        what: what.into(),
        values: values.iter().map(|value| (*value).into()).collect(),
    }
}

#[test]
fn five_tabs_take_the_seats_and_elect_a_leader_that_all_see() {
    let browser = Browser::with(5);
    assert_eq!(browser.seats(), [0, 1, 2, 3, 4]);
    let leaders = browser.leaders(1);
    assert_eq!(leaders.len(), 1, "{leaders:?}");
    for name in browser.tabs.keys() {
        assert_eq!(browser.leaders(*name), leaders, "tab {name}");
        assert!(browser.servers(*name).iter().all(|server| {
            let server = server.expect("every seat is taken");
            server.online && server.rows.iter().any(|row| row.label == "term")
        }));
        assert_eq!(browser.tabs[name].notices, []);
    }
}

/// Nothing in a tab is made for one protocol: whatever decides slots has rooms.
#[test]
fn tabs_agree_under_every_protocol_that_decides_slots() {
    let slots = scenario::ProtocolOutline::all().iter();
    for protocol in slots.filter(|one| one.seats.is_some()) {
        let ledger = protocol.usual_ledger().map(|ledger| ledger.id);
        let draft = scenario::Draft {
            name: "any",
            protocol: Some(protocol.id),
            ledger,
            values: &[],
        };
        let room = scenario::Room::new(&draft).unwrap();
        let seats = u8::try_from(room.seats()).unwrap();
        let mut browser = Browser {
            room: Some(room),
            ..Browser::default()
        };
        for _ in 0..seats {
            browser.open();
        }
        browser.run(10_000);
        let put = browser.submit(1, "put", &["a", "1"]);
        assert_eq!(put, Ok(told("done", &[])), "{}", protocol.id);
        let get = browser.submit(seats, "get", &["a"]);
        assert_eq!(get, Ok(told("found", &["1"])), "{}", protocol.id);
        for name in 1..=seats {
            let server = browser.servers(name)[2].expect("every seat is taken");
            assert!(!server.rows.is_empty(), "{}", protocol.id);
            assert_eq!(browser.decided(name), browser.decided(1), "{}", protocol.id);
        }
    }
}

#[test]
fn a_put_is_answered_and_every_tab_sees_its_block() {
    let mut browser = Browser::with(5);
    assert_eq!(browser.submit(2, "put", &["a", "1"]), Ok(told("done", &[])));
    assert_eq!(browser.submit(4, "get", &["a"]), Ok(told("found", &["1"])));
    assert_eq!(browser.submit(4, "delete", &["a"]), Ok(told("done", &[])));
    assert_eq!(browser.submit(1, "get", &["a"]), Ok(told("nothing", &[])));
    let put = (1, vec![told("put", &["a", "1"])]);
    for name in 1..=5 {
        assert_eq!(browser.decided(name)[0], put, "tab {name}");
        assert_eq!(browser.decided(name).len(), 4);
    }
    let wrong = |result: Result<ToldView, Failure>| result.unwrap_err().code;
    assert_eq!(wrong(browser.submit(1, "put", &["a"])), "bad-argument");
    assert_eq!(wrong(browser.submit(1, "put", &["", "1"])), "bad-argument");
    assert_eq!(wrong(browser.submit(1, "pay", &["a"])), "wrong-room");
}

#[test]
fn when_the_leaders_tab_closes_another_leads_and_nothing_is_lost() {
    let mut browser = Browser::with(5);
    browser.submit(1, "put", &["a", "1"]).unwrap();
    let before = browser.leaders(1);
    let gone = browser.tab_of(before[0]);
    browser.close(gone);
    browser.run(5_000);
    let name = *browser.tabs.keys().next().unwrap();
    let after = browser.leaders(name);
    assert_eq!(after.len(), 1, "{after:?}");
    assert_ne!(after, before);
    assert_eq!(browser.servers(name)[before[0] as usize], None);
    assert_eq!(
        browser.submit(name, "get", &["a"]),
        Ok(told("found", &["1"]))
    );

    // Whoever comes takes the free seat, and has what was decided before and meanwhile.
    let late = browser.open();
    browser.run(5_000);
    assert_eq!(browser.tab_of(before[0]), late);
    assert_eq!(browser.decided(late), browser.decided(name));
    assert_eq!(browser.decided(late).len(), 2);
}

#[test]
fn a_majority_that_is_reloaded_goes_on_from_what_it_saved() {
    let mut browser = Browser::with(3);
    browser.submit(1, "put", &["a", "1"]).unwrap();
    let nodes = |browser: &Browser, name: u8| -> Vec<_> {
        let glance = browser.tabs[&name].tab.glance();
        glance
            .nodes
            .iter()
            .map(|node| (node.id, node.seat))
            .collect()
    };
    for name in 1..=3 {
        let before = nodes(&browser, name);
        browser.close(name);
        let again = browser.open_as(before.iter().map(|(id, _)| *id).collect());
        browser.run(100);
        let after = nodes(&browser, again);
        assert_eq!(after[0], before[0], "it has its seat back");
        assert_ne!(after[1].0, before[1].0, "a client lives once");
    }
    browser.run(5_000);
    let name = *browser.tabs.keys().next().unwrap();
    assert_eq!(
        browser.submit(name, "get", &["a"]),
        Ok(told("found", &["1"]))
    );
}

#[test]
fn a_sixth_tab_has_no_seat_says_so_and_can_ask() {
    let mut browser = Browser::with(6);
    assert_eq!(browser.seats(), [0, 1, 2, 3, 4]);
    let seated = |page: &Page| page.tab.glance().nodes.len() == 2;
    let mut rest = browser.tabs.iter().filter(|(_, page)| !seated(page));
    let (name, page) = rest.next().map(|(name, page)| (*name, page)).unwrap();
    assert!(rest.next().is_none());
    assert_eq!(page.notices, [Notice::NoSeat(NoSeat::AllTaken)]);
    assert_eq!(browser.leaders(name).len(), 1, "it sees the servers");
    assert_eq!(
        browser.submit(name, "put", &["a", "1"]),
        Ok(told("done", &[]))
    );
    let failure = browser.ask(name, AddNode).unwrap_err();
    assert_eq!(failure.code, "no-seat");
    // Once a seat is free it can have it.
    let other = *browser.tabs.keys().find(|other| **other != name).unwrap();
    browser.close(other);
    browser.ask(name, AddNode).unwrap();
    browser.run(3_000);
    assert_eq!(browser.seats(), [0, 1, 2, 3, 4]);
    assert_eq!(browser.tabs[&name].notices, []);
    assert_eq!(browser.decided(name), [(1, vec![told("put", &["a", "1"])])]);
}

#[test]
fn one_tab_can_have_several_seats_and_give_them_up() {
    let mut browser = Browser::with(1);
    assert_eq!(browser.leaders(1), []);
    let added = browser.ask(1, AddNode).unwrap();
    browser.ask(1, AddNode).unwrap();
    browser.run(3_000);
    assert_eq!(browser.leaders(1).len(), 1, "three of five are a majority");
    assert_eq!(browser.submit(1, "put", &["a", "1"]), Ok(told("done", &[])));
    browser.ask(1, RemoveNode(added)).unwrap();
    assert_eq!(browser.seats(), [0, 2]);
    let locks = browser.held.keys().filter(|lock| lock.contains(":member:"));
    assert_eq!(locks.count(), 2);
    // Two of five decide nothing: the ask waits, and a tab that leaves answers it.
    let ask = browser.begin(1, filled("get", &["a"]));
    browser.run(5_000);
    assert!(!browser.tabs[&1].answers.contains_key(&ask));
    browser.give(1, Input::Page(ToEngine::Freeze));
    browser.run(100);
    let answer = browser.tabs[&1].answers[&ask].clone();
    assert_eq!(answer.unwrap_err().code, "interrupted");
    assert_eq!(
        browser
            .held
            .keys()
            .filter(|lock| lock.contains(":member:"))
            .count(),
        0
    );
    browser.give(1, Input::Page(ToEngine::Resume));
    browser.run(3_000);
    assert_eq!(browser.seats(), [0, 2], "it has its seats back");
}

#[test]
fn a_tab_that_cannot_keep_promises_takes_no_seat() {
    let mut browser = Browser {
        refuses_storage: true,
        ..Browser::default()
    };
    browser.open();
    browser.run(10_000);
    assert_eq!(browser.seats(), []);
    let notice = Notice::NoSeat(NoSeat::NoStorage);
    assert!(browser.tabs[&1].notices.contains(&notice));
    let mut browser = Browser {
        refuses_locks: true,
        ..Browser::default()
    };
    browser.open();
    browser.run(10_000);
    assert_eq!(browser.seats(), []);
    let notice = Notice::NoSeat(NoSeat::NoLocks);
    assert!(browser.tabs[&1].notices.contains(&notice));
}

#[test]
fn a_tab_whose_storage_fails_gives_up_its_seat_to_one_that_can_keep_it() {
    let mut browser = Browser::with(5);
    browser.submit(1, "put", &["a", "1"]).unwrap();
    let leader = browser.leaders(1)[0];
    let name = browser.tab_of(leader);
    let why = || "the disk is full".to_owned();
    browser.give(name, Input::Lost(DbId::Room, why()));
    browser.run(5_000);
    let notice = Notice::NoSeat(NoSeat::NoStorage);
    assert!(browser.tabs[&name].notices.contains(&notice));
    assert_eq!(browser.seats().len(), 4);
    assert_eq!(
        browser.submit(name, "get", &["a"]),
        Ok(told("found", &["1"]))
    );
    let late = browser.open();
    browser.run(5_000);
    assert_eq!(browser.tab_of(leader), late);
    assert_eq!(browser.decided(late).len(), 2);
}

#[test]
fn a_stolen_seat_is_the_thiefs_at_once() {
    let mut browser = Browser::with(5);
    let name = browser.tab_of(0);
    let lock = browser
        .held
        .keys()
        .find(|lock| lock.ends_with(":0") && lock.contains(":member:"));
    let lock = lock.unwrap().clone();
    let (_, id) = browser.held.insert(lock, (99, LockId(0))).unwrap();
    browser.give(name, Input::Lock(id, LockAnswer::Stolen));
    browser.run(5_000);
    assert_eq!(browser.seats(), [1, 2, 3, 4]);
    let page = &browser.tabs[&name];
    assert_eq!(page.tab.glance().stage, Stage::In);
    assert!(page.notices.contains(&Notice::NoSeat(NoSeat::AllTaken)));
}

#[test]
fn what_only_mined_rooms_have_is_refused() {
    let mut browser = Browser::with(1);
    let code = |failure: Failure| failure.code;
    assert_eq!(
        browser.ask(1, Reset).map_err(code),
        Err("wrong-room".into())
    );
    let start = StartMining { power: None };
    assert_eq!(
        browser.ask(1, start).map_err(code),
        Err("wrong-room".into())
    );
    assert_eq!(browser.ask(1, Export).map_err(code), Ok(String::new()));
    let status = browser.ask(1, GetStatus).unwrap();
    assert!(status.room.slots && !status.mining);
    assert_eq!(status.room.param("seats"), Some(5));
    assert_eq!(status.nodes.len(), 1, "a client is no server");
}
