//! Which checks fail for which deed, and what mending mends.

use proptest::prelude::*;

use super::model::{BLOCKS, Checks, Deed, Field, Mending, SUBSIDY, Sample, ready};
use super::state::{MOST_DEEDS, Tamper};
use crate::link::{Fault, Query};
use crate::room::State;

fn checks(sample: &Sample, deeds: &[Deed]) -> Vec<Checks> {
    sample.check(&sample.after(deeds))
}

/// Mends every block from this one on, as the room does.
fn mend_from(sample: &Sample, tamper: &mut Tamper, first: usize) {
    for at in first - 1..BLOCKS {
        let mut search = Mending::new(ready(&sample.after(&tamper.deeds), at, 0));
        search.step(u32::MAX);
        let nonce = search.found().expect("it is easy enough");
        tamper.add(Deed::Mend(at as u8 + 1, nonce));
    }
}

#[test]
fn the_sample_holds() {
    let sample = Sample::new();
    assert_eq!(sample, Sample::new());
    let all = checks(&sample, &[]);
    assert_eq!(all.len(), BLOCKS);
    assert!(all.iter().all(|checks| checks.hold() && checks.same));
    for block in &sample.blocks {
        let mut search = Mending::new(block.header);
        search.step(u32::MAX);
        assert_eq!(search.found(), Some(block.header.nonce));
    }
}

#[test]
fn another_amount_breaks_root_signature_and_sum_but_no_link_yet() {
    let sample = Sample::new();
    let all = checks(&sample, &[Deed::Amount(2, 6_000_000_000)]);
    let block = all[1];
    assert_eq!(
        (block.root, block.signature, block.amounts),
        (false, false, false)
    );
    assert!(
        block.link && block.work && block.coins && block.same,
        "the header is as it was"
    );
    assert!(
        all[2..].iter().all(Checks::hold),
        "by themselves, they hold"
    );
    let all = checks(&sample, &[Deed::Amount(3, 1)]);
    assert_eq!(
        (all[2].root, all[2].signature, all[2].amounts),
        (false, false, true)
    );
}

#[test]
fn work_mends_all_of_a_payment_left_out_and_nothing_of_a_stolen_one() {
    let sample = Sample::new();
    let mut tamper = Tamper::default();
    tamper.add(Deed::LeaveOut(3));
    assert!(!checks(&sample, &tamper.deeds)[2].root);
    mend_from(&sample, &mut tamper, 3);
    let all = checks(&sample, &tamper.deeds);
    assert!(all.iter().all(Checks::hold));
    assert!(all[1].same && !all[2].same && !all[4].same);
    assert!(tamper.tries() >= 3);

    let mut thief = Tamper::default();
    thief.add(Deed::Payee(3));
    mend_from(&sample, &mut thief, 3);
    let all = checks(&sample, &thief.deeds);
    assert!(all[2].root && all[2].link && all[2].work && all[2].amounts);
    assert!(!all[2].signature && all[2].is_beyond_work());
}

#[test]
fn mending_one_block_breaks_the_next_ones_link() {
    let sample = Sample::new();
    let mut tamper = Tamper::default();
    tamper.add(Deed::LeaveOut(2));
    let mut search = Mending::new(ready(&sample.after(&tamper.deeds), 1, 0));
    search.step(u32::MAX);
    tamper.add(Deed::Mend(2, search.found().expect("found")));
    assert_eq!(search.tries(), search.found().expect("found") + 1);
    let all = checks(&sample, &tamper.deeds);
    assert!(all[1].hold() && !all[2].link && all[3].link);
}

#[test]
fn rewards_and_coins_are_checked() {
    let sample = Sample::new();
    let all = checks(&sample, &[Deed::Reward(4, SUBSIDY * 2)]);
    assert_eq!((all[3].amounts, all[3].root), (false, false));
    assert!(
        !all[4].coins,
        "the coin that block 5 spends is another one now"
    );
    // The fee of 1,000 satoshi is the miner's to take.
    assert!(checks(&sample, &[Deed::Reward(5, SUBSIDY + 1_000)])[4].amounts);
    assert!(!checks(&sample, &[Deed::Reward(5, SUBSIDY + 1_001)])[4].amounts);
    let all = checks(&sample, &[Deed::Twice(4)]);
    assert_eq!((all[3].coins, all[3].signature), (false, true));
    assert!(
        checks(&sample, &[Deed::Twice(2)])[1].hold(),
        "block 1 has no payment to repeat"
    );
    for value in [-1, i64::MAX] {
        assert!(!checks(&sample, &[Deed::Amount(2, value)])[1].amounts);
    }
}

#[test]
fn each_field_of_a_header_breaks_something() {
    let sample = Sample::new();
    for field in Field::ALL {
        let all = checks(&sample, &[Deed::Flip(3, field, 9)]);
        assert!(!all[2].same, "{field:?}");
        assert!(!all[2].work, "{field:?}"); // one hash in 16,384 would do
        assert!(!all[3].link, "{field:?}");
        assert_eq!(all[2].link, field != Field::Previous);
        assert_eq!(all[2].root, field != Field::Root);
        assert!(!all[2].is_beyond_work());
    }
}

#[test]
fn what_is_done_again_is_undone() {
    let mut tamper = Tamper::default();
    tamper.add(Deed::Flip(2, Field::Time, 3));
    tamper.add(Deed::Payee(4));
    assert_eq!(tamper.chosen, 4);
    tamper.add(Deed::Flip(2, Field::Time, 3));
    assert_eq!(tamper.deeds, [Deed::Payee(4)]);
    tamper.add(Deed::Amount(2, 5));
    tamper.add(Deed::Amount(2, 6));
    assert_eq!(tamper.deeds, [Deed::Payee(4), Deed::Amount(2, 6)]);
    for bit in 0..100 {
        tamper.add(Deed::Flip(1, Field::Root, bit));
    }
    assert_eq!(tamper.deeds.len(), MOST_DEEDS);
}

#[test]
fn the_race_is_the_gamblers() {
    let tamper = Tamper {
        others: 6,
        ..Tamper::default()
    };
    assert_eq!(tamper.chance(0), 667);
    assert_eq!(tamper.chance(5), 88); // (2/3)^6
    assert_eq!(tamper.found_meanwhile(32_768), 3);
    let even = Tamper {
        others: 4,
        ..tamper
    };
    assert_eq!(even.chance(100), 1000);
}

#[test]
fn hostile_links_are_refused_by_name() {
    let long = vec!["2y"; MOST_DEEDS + 1].join(".");
    for bad in [
        "0y",
        "6y",
        "2",
        "",
        "2z",
        "2y1",
        "2fq1",
        "2fv32",
        "2fv-1",
        "2a-1",
        "2m4294967296",
        "2a99999999999999999999",
        "2y..3y",
        &long,
    ] {
        let read = Tamper::read(&Query::of(&format!("did={bad}")));
        assert_eq!(read, Err(Fault::BadValue("did", bad.into())), "{bad}");
    }
    assert!(Tamper::read(&Query::of("block=0")).is_err());
    assert!(Tamper::read(&Query::of("others=17")).is_err());
}

fn any_deed() -> impl Strategy<Value = Deed> {
    (1u8..=5, 0usize..12, any::<u32>()).prop_map(|(block, kind, number)| match kind {
        0 => Deed::Amount(block, i64::from(number)),
        1 => Deed::Payee(block),
        2 => Deed::LeaveOut(block),
        3 => Deed::Reward(block, i64::from(number) << 20),
        4 => Deed::Twice(block),
        5 => Deed::Mend(block, number),
        _ => {
            let field = Field::ALL[kind - 6];
            Deed::Flip(
                block,
                field,
                (number % (8 * field.range().len() as u32)) as u16,
            )
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_state_survives_a_link_and_can_be_checked(deeds in proptest::collection::vec(any_deed(), 0..8)) {
        let mut tamper = Tamper::default();
        for deed in deeds {
            tamper.add(deed);
        }
        prop_assert_eq!(Tamper::read(&Query::of(&tamper.write())), Ok(tamper.clone()));
        let copy = Sample { blocks: Vec::new() };
        prop_assert!(copy.after(&tamper.deeds).is_empty());
    }
}
