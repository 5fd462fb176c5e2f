//! One power budget for all tabs of the browser: who mines, how much all may use, who gets what.
//!
//! Every tab announces itself once a second, whatever its room; the latest setting wins everywhere,
//! and the mining tabs split it evenly. Each tab computes its share on its own from what it has
//! heard; until two tabs have heard of each other, the sum may exceed the budget, so a tab that
//! hears a newcomer answers at once.
//!
//! Any page of the same origin may post announcements. So no setting uses more workers than the
//! machine has cores, and none dated in the future counts: what a person sets here is always later
//! than anything that was accepted.

use crate::Power;
use std::collections::BTreeMap;

/// Changes with every incompatible change to announcements; also part of the channel's name.
pub const POWER_VERSION: u8 = 2;
/// How often to announce, in milliseconds.
pub const ANNOUNCE_EVERY: u64 = 1_000;
/// A tab that has been silent for this many milliseconds no longer counts.
pub const FORGOTTEN_AFTER: u64 = 5_000;
/// Most tabs known at a time, this one included; others are ignored.
pub const MOST_TABS: usize = 64;
/// How far ahead of our clock a setting may be dated, in milliseconds: two workers read their
/// clocks at different moments.
const AHEAD: u64 = 250;

/// Which tab, or rather which instance of its engine: drawn at random at each start.
pub type TabNumber = u64;

/// A setting of the budget, and when it was made; the later of two wins, ties broken by tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What all tabs may use together.
    pub power: Power,
    /// When it was made, in Unix milliseconds; 0: remembered, not made by anybody.
    pub time: u64,
    /// Who made it.
    pub by: TabNumber,
}

impl Budget {
    fn beats(&self, other: &Self) -> bool {
        let rank = |budget: &Self| {
            (
                budget.time,
                budget.by,
                budget.power.workers,
                budget.power.duty,
            )
        };
        rank(self) > rank(other)
    }
}

/// What a tab says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Present, not mining.
    Idle,
    /// Present and mining.
    Mining,
    /// About to go.
    Leaving,
}

/// An announcement: [`Self::LEN`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Who speaks.
    pub tab: TabNumber,
    /// What it does.
    pub life: Life,
    /// The budget as it knows it.
    pub budget: Budget,
}

impl Announcement {
    /// Bytes in an announcement.
    pub const LEN: usize = 28;

    /// The bytes to post.
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        out[0] = POWER_VERSION;
        out[1] = match self.life {
            Life::Idle => 0,
            Life::Mining => 1,
            Life::Leaving => 2,
        };
        out[2] = self.budget.power.workers;
        out[3] = self.budget.power.duty;
        out[4..12].copy_from_slice(&self.tab.to_le_bytes());
        out[12..20].copy_from_slice(&self.budget.time.to_le_bytes());
        out[20..].copy_from_slice(&self.budget.by.to_le_bytes());
        out
    }

    /// What the bytes mean, if anything: nothing out of range gets through.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::LEN] = bytes.try_into().ok()?;
        let [POWER_VERSION, life, workers, duty, rest @ ..] = *bytes else {
            return None;
        };
        let life = match life {
            0 => Life::Idle,
            1 => Life::Mining,
            2 => Life::Leaving,
            _ => return None,
        };
        let power = Power { workers, duty };
        let number = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&rest[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        let (tab, time, by) = (number(0), number(8), number(16));
        power.is_sane().then_some(Self {
            tab,
            life,
            budget: Budget { power, time, by },
        })
    }
}

/// What became of an announcement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The budget, the share or the number of mining tabs may have changed.
    pub changed: bool,
    /// The speaker is new here or has an outdated budget: announce at once.
    pub answer: bool,
}

/// What one tab knows.
#[derive(Debug)]
pub struct Budgeting {
    me: TabNumber,
    /// No setting uses more workers than this.
    cores: u8,
    mining: bool,
    budget: Budget,
    others: BTreeMap<TabNumber, Other>,
}

#[derive(Clone, Copy, Debug)]
struct Other {
    mining: bool,
    heard: u64,
}

impl Budgeting {
    /// A tab that knows no others; `remembered` gives way to any setting that was really made.
    pub fn new(me: TabNumber, cores: u8, remembered: Power) -> Self {
        Self {
            me,
            cores,
            mining: false,
            budget: Budget {
                power: remembered.clamped(cores),
                time: 0,
                by: me,
            },
            others: BTreeMap::new(),
        }
    }

    /// This tab mines from now on, or no longer. Returns whether that is new.
    pub fn set_mining(&mut self, mining: bool) -> bool {
        core::mem::replace(&mut self.mining, mining) != mining
    }

    /// Sets the budget for all tabs. Returns whether that is new.
    pub fn set_power(&mut self, wall: u64, power: Power) -> bool {
        self.correct(wall);
        let power = power.clamped(self.cores);
        if power == self.budget.power && self.budget.time > 0 {
            return false;
        }
        self.budget = Budget {
            power,
            // Later than what it replaces, even if the clock disagrees.
            time: wall.max(self.budget.time.saturating_add(1)),
            by: self.me,
        };
        true
    }

    /// If the clock was set back, a setting made before that counts as made now.
    fn correct(&mut self, wall: u64) {
        if self.budget.time > wall.saturating_add(AHEAD) {
            self.budget.time = wall;
        }
    }

    /// Takes in bytes from the channel; `None`: garbage.
    pub fn hear(&mut self, now: u64, wall: u64, bytes: &[u8]) -> Option<Heard> {
        let Announcement {
            tab,
            life,
            mut budget,
        } = Announcement::decode(bytes)?;
        self.correct(wall);
        budget.power = budget.power.clamped(self.cores);
        if budget.time > wall.saturating_add(AHEAD) {
            budget = self.budget; // dated in the future
        }
        if tab == self.me {
            return Some(Heard::default());
        }
        let before = (self.budget, self.mining_tabs());
        let mut heard = Heard {
            answer: self.budget.beats(&budget) && self.budget.time > 0,
            changed: false,
        };
        if budget.beats(&self.budget) {
            self.budget = budget;
        }
        let mining = life == Life::Mining;
        if life == Life::Leaving {
            self.others.remove(&tab);
        } else if self.others.contains_key(&tab) || self.others.len() + 1 < MOST_TABS {
            let old = self.others.insert(tab, Other { mining, heard: now });
            heard.answer |= old.is_none();
            // One more mining tab changes every share.
            heard.changed |= old.map(|old| old.mining) != Some(mining) && mining;
        }
        heard.changed |= before != (self.budget, self.mining_tabs());
        Some(heard)
    }

    /// Forgets tabs that have fallen silent. Returns whether that changes anything.
    pub fn forget_silent(&mut self, now: u64) -> bool {
        let before = self.mining_tabs();
        self.others
            .retain(|_, other| now.saturating_sub(other.heard) < FORGOTTEN_AFTER);
        before != self.mining_tabs()
    }

    /// What this tab has to say.
    pub fn announcement(&self) -> Announcement {
        Announcement {
            tab: self.me,
            life: if self.mining {
                Life::Mining
            } else {
                Life::Idle
            },
            budget: self.budget,
        }
    }

    /// This tab's last announcement.
    pub fn farewell(&self) -> Announcement {
        Announcement {
            life: Life::Leaving,
            ..self.announcement()
        }
    }

    /// What all tabs may use together.
    pub fn power(&self) -> Power {
        self.budget.power
    }

    /// Mining tabs, this one included if it mines.
    pub fn mining_tabs(&self) -> u32 {
        let others = self.others.values().filter(|other| other.mining).count();
        others as u32 + u32::from(self.mining) // at most 64
    }

    /// What this tab may use; `None`: it does not mine, or the budget has fewer percents than tabs.
    pub fn share(&self) -> Option<Power> {
        let mining = |other: &(&TabNumber, &Other)| other.1.mining;
        let before_me = self.others.range(..self.me).filter(mining).count();
        self.mining
            .then(|| split(self.budget.power, self.mining_tabs(), before_me as u32))
            .flatten()
    }
}

/// The share of tab number `index` of `tabs`, in as few workers as possible. All shares together
/// are at most the budget.
pub fn split(budget: Power, tabs: u32, index: u32) -> Option<Power> {
    if tabs <= 1 {
        return Some(budget); // exactly what was asked for
    }
    let total = u32::from(budget.workers) * u32::from(budget.duty);
    let percent = total / tabs + u32::from(index < total % tabs);
    if percent == 0 {
        return None;
    }
    let workers = percent.div_ceil(100);
    Some(Power {
        workers: workers as u8,          // at most the budget's
        duty: (percent / workers) as u8, // at most 100
    })
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A time, in Unix milliseconds.
    const NOON: u64 = 1_767_268_800_000;

    fn percent(power: Option<Power>) -> u32 {
        power.map_or(0, |power| u32::from(power.workers) * u32::from(power.duty))
    }

    fn powers() -> impl Strategy<Value = Power> {
        (1..=64u8, 1..=100u8).prop_map(|(workers, duty)| Power { workers, duty })
    }

    prop_compose! {
        fn announcements()(
            tab in 0..100u64, life in 0..3, power in powers(), time in 0..=2 * NOON, by: u64,
        ) -> Announcement {
            let life = [Life::Idle, Life::Mining, Life::Leaving][life as usize];
            Announcement { tab, life, budget: Budget { power, time, by } }
        }
    }

    proptest! {
        #[test]
        fn all_shares_together_are_at_most_the_budget(power in powers(), tabs in 1..200u32) {
            let shares: Vec<_> = (0..tabs).map(|index| percent(split(power, tabs, index))).collect();
            let total = percent(Some(power));
            prop_assert!(shares.iter().sum::<u32>() <= total);
            // Everybody gets something if there is a percent for each, and all get about the same.
            prop_assert!(tabs > total || shares.iter().all(|share| *share > 0));
            let (least, most) = (shares.iter().min().copied(), shares.iter().max().copied());
            prop_assert!(most.unwrap_or(0) - least.unwrap_or(0) <= u32::from(power.workers));
        }

        #[test]
        fn a_share_has_as_few_workers_as_possible(power in powers(), tabs in 2..64u32) {
            if let Some(share) = split(power, tabs, 0) {
                prop_assert!(share.workers <= power.workers);
                prop_assert!(share.workers == 1 || u32::from(share.workers - 1) * 100 < percent(Some(power)) / tabs + 1);
            }
        }

        #[test]
        fn announcements_survive_the_round_trip(said in announcements()) {
            prop_assert_eq!(Announcement::decode(&said.encode()), Some(said));
        }

        #[test]
        fn garbage_is_ignored(mut bytes in prop::collection::vec(any::<u8>(), 0..60), version: bool) {
            if version && let Some(first) = bytes.first_mut() {
                *first = POWER_VERSION;
            }
            let mut ledger = Budgeting::new(1, 64, Power::GENTLE);
            match Announcement::decode(&bytes) {
                None => prop_assert_eq!(ledger.hear(0, NOON, &bytes), None),
                Some(said) => prop_assert_eq!(said.encode().to_vec(), bytes),
            }
        }

        #[test]
        fn tabs_that_hear_each_other_agree_and_keep_the_budget(
            calls in prop::collection::vec((0..5usize, any::<bool>(), powers()), 1..40),
        ) {
            let mut tabs: Vec<_> = (0..5).map(|me| Budgeting::new(me * 7 % 5, 64, Power::GENTLE)).collect();
            for (at, mining, power) in calls {
                tabs[at].set_mining(mining);
                tabs[at].set_power(NOON, power);
                let said: Vec<_> = tabs.iter().map(|tab| tab.announcement().encode()).collect();
                for tab in &mut tabs {
                    for bytes in &said {
                        prop_assert!(tab.hear(0, NOON, bytes).is_some());
                    }
                }
                prop_assert_eq!(tabs[at].power(), power);
                prop_assert!(tabs.iter().all(|tab| tab.power() == power));
                let used: u32 = tabs.iter().map(|tab| percent(tab.share())).sum();
                prop_assert!(used <= percent(Some(power)));
            }
        }

        #[test]
        fn any_number_of_strangers_is_bounded(said in prop::collection::vec(announcements(), 0..200)) {
            let mut ledger = Budgeting::new(1_000, 64, Power::GENTLE);
            for (now, said) in said.iter().enumerate() {
                ledger.hear(now as u64, NOON, &said.encode());
                prop_assert!(ledger.others.len() < MOST_TABS);
            }
            ledger.forget_silent(FORGOTTEN_AFTER + 200);
            prop_assert!(ledger.others.is_empty());
        }
    }

    #[test]
    fn a_tab_alone_gets_exactly_the_budget() {
        let power = Power {
            workers: 4,
            duty: 50,
        };
        assert_eq!(split(power, 1, 0), Some(power));
        assert_eq!(
            split(power, 2, 1),
            Some(Power {
                workers: 1,
                duty: 100
            })
        );
        assert_eq!(
            split(power, 3, 0),
            Some(Power {
                workers: 1,
                duty: 67
            })
        );
        assert_eq!(
            split(
                Power {
                    workers: 1,
                    duty: 1
                },
                2,
                1
            ),
            None
        );
    }

    #[test]
    fn a_newcomer_adopts_the_setting_that_was_made_and_is_answered() {
        let set = Power {
            workers: 3,
            duty: 80,
        };
        let (mut old, mut new) = (
            Budgeting::new(1, 64, Power::GENTLE),
            Budgeting::new(
                9,
                64,
                Power {
                    workers: 64,
                    duty: 100,
                },
            ),
        );
        old.set_power(NOON, set);
        let heard = old
            .hear(0, NOON, &new.announcement().encode())
            .expect("well-formed");
        assert!(heard.answer);
        assert_eq!(old.power(), set);
        assert!(
            new.hear(0, NOON, &old.announcement().encode())
                .expect("well-formed")
                .changed
        );
        assert_eq!(new.power(), set);
    }

    #[test]
    fn a_silent_or_leaving_tab_frees_its_share() {
        let power = Power {
            workers: 2,
            duty: 100,
        };
        let (mut me, mut other) = (Budgeting::new(1, 64, power), Budgeting::new(2, 64, power));
        me.set_mining(true);
        other.set_mining(true);
        me.hear(0, NOON, &other.announcement().encode());
        assert_eq!((me.mining_tabs(), percent(me.share())), (2, 100));
        assert!(!me.forget_silent(FORGOTTEN_AFTER - 1));
        assert!(me.forget_silent(FORGOTTEN_AFTER));
        assert_eq!(me.share(), Some(power));
        me.hear(0, NOON, &other.announcement().encode());
        assert!(
            me.hear(0, NOON, &other.farewell().encode())
                .expect("well-formed")
                .changed
        );
        assert_eq!(me.share(), Some(power));
    }

    const SET: Power = Power {
        workers: 3,
        duty: 30,
    };
    const LOUD: Power = Power {
        workers: 64,
        duty: 100,
    };

    fn said(power: Power, time: u64) -> [u8; Announcement::LEN] {
        let budget = Budget {
            power,
            time,
            by: u64::MAX,
        };
        let (tab, life) = (99, Life::Idle);
        Announcement { tab, life, budget }.encode()
    }

    #[test]
    fn a_setting_from_the_future_counts_for_nothing() {
        let mut me = Budgeting::new(1, 8, Power::GENTLE);
        me.set_power(NOON, SET);
        for time in [NOON + AHEAD + 1, u64::MAX] {
            me.hear(0, NOON, &said(LOUD, time));
            assert_eq!(me.power(), SET);
        }
    }

    #[test]
    fn nobody_gets_more_workers_than_there_are_cores() {
        let mut me = Budgeting::new(1, 8, Power::GENTLE);
        me.hear(0, NOON, &said(LOUD, NOON));
        let most = Power {
            workers: 8,
            duty: 100,
        };
        assert_eq!(me.power(), most);
        assert!(me.set_power(NOON, SET));
        assert_eq!(me.power(), SET, "what a person sets here is later");
    }

    #[test]
    fn a_clock_that_is_set_back_leaves_people_in_charge() {
        let (mut me, mut other) = (
            Budgeting::new(1, 8, Power::GENTLE),
            Budgeting::new(2, 8, Power::GENTLE),
        );
        me.set_power(2 * NOON, SET);
        let less = Power { duty: 10, ..SET };
        me.set_power(NOON, less);
        other.hear(0, NOON, &me.announcement().encode());
        assert_eq!((me.power(), other.power()), (less, less));
    }
}
