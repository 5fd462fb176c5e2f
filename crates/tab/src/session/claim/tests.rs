use chain::SecretKey;

use super::*;
use crate::clock::Reading;
use crate::cx::Source;

/// A browser with some identities in storage and some seats locked by others.
struct Browser {
    source: Source,
    now: u64,
    stored: Vec<Identity>,
    /// Seats that somebody else holds, and until when.
    held: Vec<(u32, u64)>,
    /// The answer to a request for the list's lock.
    list: LockAnswer,
    unlocked: usize,
    /// A seat that begins another life after the list was read.
    relived: Option<u32>,
}

fn identity(seat: u32) -> Identity {
    Identity {
        seat,
        secret: SecretKey::from_bytes(&[seat as u8 + 1; 32]).unwrap(),
        incarnation: 4,
    }
}

impl Browser {
    fn new(stored: &[u32], held: &[u32]) -> Self {
        Self {
            source: Source::toy(3),
            now: 0,
            stored: stored.iter().map(|seat| identity(*seat)).collect(),
            held: held.iter().map(|seat| (*seat, u64::MAX)).collect(),
            list: LockAnswer::Granted,
            unlocked: 0,
            relived: None,
        }
    }

    fn claim(&mut self, wanted: Wanted) -> Claimed {
        let names = Names::new("/");
        let mut out = Vec::new();
        let mut cx = Cx {
            absent: 0,
            now: Reading::default(),
            source: &mut self.source,
            out: &mut out,
        };
        let mut claim = Claim::begin(&mut cx, &names, Ok(()), wanted);
        for _ in 0..10_000 {
            for effect in std::mem::take(&mut out) {
                if let Some(claimed) = self.answer(&names, &mut claim, &mut out, effect) {
                    return claimed;
                }
            }
            if out.is_empty() {
                self.now += 50;
                let (now, source) = (self.reading(), &mut self.source);
                let mut cx = Cx {
                    absent: 0,
                    now,
                    source,
                    out: &mut out,
                };
                if let Some(claimed) = claim.turn(&mut cx) {
                    return claimed;
                }
            }
        }
        panic!("the claim never ends");
    }

    fn reading(&self) -> Reading {
        Reading {
            wall: 0,
            steady: self.now * 1_000,
        }
    }

    fn answer(
        &mut self,
        names: &Names,
        claim: &mut Claim,
        out: &mut Vec<Effect>,
        effect: Effect,
    ) -> Option<Claimed> {
        let now = self.reading();
        let rows = self.stored.iter().map(|one| match one.change() {
            Change::Put(_, name, value) => (name, value),
            other => panic!("{other:?}"),
        });
        let rows = Ok(rows.collect());
        let mut cx = Cx {
            absent: 0,
            now,
            source: &mut self.source,
            out,
        };
        match effect {
            Effect::Lock { id, name, .. } if name == names.identities_lock() => {
                if self.list == LockAnswer::Taken {
                    return None; // somebody holds it
                }
                claim.locked(&mut cx, id, self.list)
            }
            Effect::Lock { id, name, .. } => {
                let held = |(seat, until): &(u32, u64)| {
                    names.seat_lock(*seat) == name && self.now < *until
                };
                let free = !self.held.iter().any(held);
                let answer = if free {
                    LockAnswer::Granted
                } else {
                    LockAnswer::Taken
                };
                claim.locked(&mut cx, id, answer)
            }
            Effect::Read { id, .. } => {
                let relived = self.relived.take();
                let again = self.stored.iter_mut().find(|one| Some(one.seat) == relived);
                if let Some(one) = again {
                    one.incarnation += 1;
                }
                claim.read(&mut cx, id, &rows)
            }
            Effect::Write { id, durability, .. } => {
                assert_eq!(durability, Durability::Strict);
                claim.written(&mut cx, id, &Ok(()))
            }
            Effect::Unlock(_) => {
                self.unlocked += 1;
                None
            }
            other => panic!("{other:?}"),
        }
    }
}

fn wanted(seats: &[u32], count: usize) -> Wanted {
    Wanted {
        ids: seats.iter().map(|seat| identity(*seat).id()).collect(),
        count,
        ..Wanted::default()
    }
}

fn lives(claimed: &Claimed) -> Vec<(u32, u64)> {
    let taken = claimed.taken.iter();
    taken.map(|(one, _)| (one.seat, one.incarnation)).collect()
}

fn claim(stored: &[u32], held: &[u32], seats: &[u32], count: usize) -> Vec<(u32, u64)> {
    lives(&Browser::new(stored, held).claim(wanted(seats, count)))
}

#[test]
fn a_reloaded_tab_gets_its_identities_back_in_order_as_new_incarnations() {
    assert_eq!(claim(&[0, 1, 2, 3], &[0], &[3, 1], 2), [(3, 5), (1, 5)]);
}

#[test]
fn a_duplicated_tab_gets_other_identities() {
    assert_eq!(claim(&[0, 1], &[0, 1], &[0, 1], 2), [(2, 1), (3, 1)]);
}

#[test]
fn a_fresh_tab_takes_the_lowest_free_seat_before_it_makes_a_new_one() {
    assert_eq!(claim(&[0, 1, 2], &[0, 2], &[], 2), [(1, 5), (3, 1)]);
    assert_eq!(claim(&[], &[], &[], 1), [(0, 1)]);
}

#[test]
fn seats_in_use_by_tabs_without_storage_are_passed_over() {
    assert_eq!(claim(&[], &[0, 1], &[], 1), [(2, 1)]);
}

#[test]
fn the_successor_of_a_dead_engine_waits_for_the_identity_that_it_had() {
    let mut browser = Browser::new(&[0, 1], &[]);
    browser.held = vec![(1, 3_000)];
    let patient = Wanted {
        patient: true,
        ..wanted(&[1], 1)
    };
    assert_eq!(lives(&browser.claim(patient)), [(1, 5)]);
    assert!((3_000..3_300).contains(&browser.now), "{}", browser.now);
    browser.now = 0;
    assert_eq!(lives(&browser.claim(wanted(&[1], 1))), [(0, 5)]);
}

#[test]
fn a_life_begun_since_the_list_was_read_is_not_lived_twice() {
    let mut browser = Browser::new(&[0, 1], &[]);
    browser.held = vec![(1, 3_000)];
    browser.relived = Some(1);
    let patient = Wanted {
        patient: true,
        ..wanted(&[1], 1)
    };
    assert_eq!(lives(&browser.claim(patient)), [(1, 6)]);
}

#[test]
fn without_locks_a_tab_lives_under_an_identity_that_nobody_else_has() {
    let mut browser = Browser::new(&[0], &[]);
    browser.list = LockAnswer::Refused;
    let claimed = browser.claim(wanted(&[0], 2));
    assert!(
        claimed
            .taken
            .iter()
            .all(|(one, lock)| !has_lock(one) && lock.is_none())
    );
    assert_eq!(claimed.taken.len(), 2);
    assert!(
        claimed.kept.is_err(),
        "what it saves would never be found again"
    );
    // After a freeze it is who it was.
    let former: Vec<Identity> = claimed.taken.into_iter().map(|(one, _)| one).collect();
    let seats: Vec<(u32, u64)> = former.iter().map(|one| (one.seat, 2)).collect();
    let again = Wanted {
        former,
        ..wanted(&[], 2)
    };
    assert_eq!(lives(&browser.claim(again)), seats);
}

#[test]
fn a_tab_goes_on_without_a_list_that_somebody_else_holds_and_says_so() {
    let mut browser = Browser::new(&[0], &[]);
    browser.list = LockAnswer::Taken;
    let claimed = browser.claim(wanted(&[], 1));
    assert_eq!(claimed.held_up, Some(HeldUp::Identities));
    assert!(!has_lock(&claimed.taken[0].0));
    assert!((5_000..5_200).contains(&browser.now), "{}", browser.now);
}

#[test]
fn a_life_goes_on_only_if_nobody_else_has_lived_in_between() {
    let claimed = Browser::new(&[0, 1], &[]).claim(wanted(&[0, 1], 2));
    let with = |seat, incarnation| Identity {
        incarnation,
        ..identity(seat)
    };
    let continued = |former: &[Identity]| claimed.continued(former);
    assert_eq!(continued(&[]), BTreeSet::new());
    let former = [with(0, 4), with(1, 3)];
    assert_eq!(continued(&former), BTreeSet::from([identity(0).id()]));
    // A damaged or hostile database may say this.
    assert_eq!(continued(&[with(0, u64::MAX)]), BTreeSet::new());
    let another = Identity {
        seat: 0,
        ..identity(7)
    };
    assert_eq!(continued(&[another]), BTreeSet::new());
}
