//! The other tabs of this room, as known from their heartbeats and locks.
//!
//! A tab is alive while it holds its lock. If it holds it but says nothing for 5 s, it is shown as
//! silent and counts as unreachable; where the browser refuses locks, it counts as gone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chain::{PeerId, PublicKey};

use crate::planted::{Bug, is_planted};

use super::heartbeat::{Branch, Heartbeat, MOST_TABS, NodeHeartbeat};
use super::tagged::Other;

/// A tab is silent after this many milliseconds without a heartbeat.
const SILENT_AFTER: u64 = 5_000;
/// Most tabs that are gone whose last number is remembered.
const MOST_GONE: usize = 256;

/// Something that people may want to know about another tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// A tab appeared.
    Joined {
        /// What people call it.
        label: u32,
    },
    /// A tab is gone.
    Left {
        /// What people called it.
        label: u32,
    },
    /// A tab was cut off or joined again.
    Online {
        /// What people call it.
        label: u32,
        /// Whether it joined.
        online: bool,
    },
    /// A node was cut off or joined again.
    NodeOnline {
        /// Its seat.
        seat: u32,
        /// Whether it joined.
        online: bool,
    },
}

/// Another tab.
#[derive(Clone, Debug)]
pub struct Tab {
    /// Its last heartbeat.
    pub heartbeat: Heartbeat,
    /// The number of what it said last.
    sequence: u64,
    /// The key whose hash is its name.
    key: Option<PublicKey>,
    first: u64,
    heard: u64,
    /// Whether its lock has been seen.
    confirmed: bool,
}

impl Tab {
    /// Whether it has said nothing for over 5 s. Times are milliseconds.
    #[must_use]
    pub fn is_silent(&self, now: u64) -> bool {
        now.saturating_sub(self.heard) > SILENT_AFTER
    }
}

/// What follows from a heartbeat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Whether to look at the locks soon.
    pub look: bool,
    /// Whether its tab was unknown, and should hear from us.
    pub stranger: bool,
    /// What people may want to know.
    pub news: Vec<News>,
}

/// All other tabs; none at first.
#[derive(Debug, Default)]
pub struct Tabs {
    tabs: BTreeMap<PeerId, Tab>,
    /// Tabs that had shown their lock and are gone, with the number of what each said last: whoever
    /// gets hold of the lock could replay it all.
    gone: VecDeque<(PeerId, u64)>,
}

impl Tabs {
    /// Takes in a tab's signed heartbeat. Nodes that are `ours`, or that another tab named first,
    /// are not this tab's, whatever it claims; a number that does not rise is ignored.
    ///
    /// A goodbye is believed once the lock is gone, so locks should be looked at now.
    pub fn hear(
        &mut self,
        id: PeerId,
        sequence: u64,
        mut heartbeat: Heartbeat,
        ours: impl Fn(&PeerId) -> bool,
        now: u64,
    ) -> Heard {
        let known = self.tabs.get(&id);
        let mut gone = self.gone.iter();
        let last = match known {
            Some(tab) => Some(tab.sequence),
            None => gone.find(|(tab, _)| *tab == id).map(|(_, last)| *last),
        };
        if last.is_some_and(|last| last >= sequence) {
            return Heard::default();
        }
        if heartbeat.bye && is_planted(Bug::GoodbyeBelieved) {
            let news = self.remove(&id);
            return Heard {
                news,
                ..Heard::default()
            };
        }
        let (stranger, look) = (known.is_none(), heartbeat.bye);
        if stranger && (heartbeat.bye || !self.has_room()) {
            return Heard::default();
        }
        if heartbeat.bye {
            // The tab may be back under another name before its lock is looked at.
            heartbeat.nodes.clear();
            heartbeat.branches.clear();
        }
        let mut named = BTreeSet::new();
        heartbeat.nodes.retain(|node| {
            let taken = self
                .tabs
                .iter()
                .any(|(tab, other)| *tab != id && other.keeps(&node.id, now));
            !ours(&node.id) && !taken && named.insert(node.id)
        });
        for (_, other) in self.tabs.iter_mut().filter(|(tab, _)| **tab != id) {
            other
                .heartbeat
                .nodes
                .retain(|node| !named.contains(&node.id));
        }
        let fresh = Tab {
            heartbeat: heartbeat.clone(),
            sequence,
            key: None,
            first: now,
            heard: now,
            confirmed: false,
        };
        let tab = self.tabs.entry(id).or_insert(fresh);
        let mut news = Vec::new();
        if tab.confirmed {
            news = differences(&tab.heartbeat, &heartbeat);
        }
        tab.heartbeat = heartbeat;
        tab.sequence = sequence;
        tab.heard = now;
        Heard {
            look: stranger || look,
            stranger,
            news,
        }
    }

    /// Remembers the key with which a tab signs, whose hash is its name.
    pub fn learn(&mut self, id: &PeerId, key: PublicKey) {
        if let Some(tab) = self.tabs.get_mut(id) {
            tab.key = Some(key);
        }
    }

    /// Tabs known to be alive, for links to them.
    pub fn others(&self) -> impl Iterator<Item = Other> {
        self.alive().filter_map(|(id, tab)| {
            Some(Other {
                id: *id,
                key: tab.key?,
                sequence: tab.sequence,
            })
        })
    }

    /// Whether a command that a tab signed under this number counts: the tab has shown its lock,
    /// and its numbers have not got that far before.
    pub fn counts(&mut self, id: &PeerId, sequence: u64) -> bool {
        let tab = self.tabs.get_mut(id);
        let again = is_planted(Bug::SaidAgainHeard);
        let tab = tab.filter(|tab| tab.confirmed && (tab.sequence < sequence || again));
        tab.map(|tab| tab.sequence = sequence).is_some()
    }

    /// Makes room for another tab if it can: one that has not shown its lock gives way.
    fn has_room(&mut self) -> bool {
        if self.tabs.len() + 1 < MOST_TABS as usize {
            return true;
        }
        let unproven = self.tabs.iter().filter(|(_, tab)| !tab.confirmed);
        let Some(oldest) = unproven.min_by_key(|(_, tab)| tab.heard).map(|(id, _)| *id) else {
            return false;
        };
        self.tabs.remove(&oldest);
        true
    }

    /// Given the locks held at `asked`, confirms the tabs that hold theirs and drops the others.
    pub fn locked(&mut self, held: &BTreeSet<PeerId>, asked: u64) -> Vec<News> {
        let mut news = Vec::new();
        for (id, tab) in &mut self.tabs {
            if held.contains(id) && !tab.confirmed {
                tab.confirmed = true;
                news.push(News::Joined {
                    label: tab.heartbeat.label,
                });
            }
        }
        let gone =
            |(id, tab): (&PeerId, &Tab)| (tab.first < asked && !held.contains(id)).then_some(*id);
        let gone: Vec<PeerId> = self.tabs.iter().filter_map(gone).collect();
        news.extend(gone.iter().flat_map(|id| self.remove(id)));
        news
    }

    /// Tabs that are not silent: where there are no locks, these count as alive.
    #[must_use]
    pub fn talking(&self, now: u64) -> BTreeSet<PeerId> {
        let talking = self.tabs.iter().filter(|(_, tab)| !tab.is_silent(now));
        talking.map(|(id, _)| *id).collect()
    }

    /// Tabs known to be alive.
    pub fn alive(&self) -> impl Iterator<Item = (&PeerId, &Tab)> {
        self.tabs.iter().filter(|(_, tab)| tab.confirmed)
    }

    /// Whether a tab is known to be alive.
    #[must_use]
    pub fn is_alive(&self, id: &PeerId) -> bool {
        self.tabs.get(id).is_some_and(|tab| tab.confirmed)
    }

    /// Roughly the bytes of what other tabs say.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let headers = |tab: &Tab| {
            tab.heartbeat
                .branches
                .iter()
                .map(|b| b.headers.len())
                .sum::<usize>()
        };
        let all: usize = self.tabs.values().map(headers).sum();
        let nodes: usize = self
            .tabs
            .values()
            .map(|tab| tab.heartbeat.nodes.len())
            .sum();
        80 * all + 160 * nodes + 64 * self.tabs.len()
    }

    /// Nodes of other tabs that can be reached. Those of another generation do not hear us.
    #[must_use]
    pub fn reachable(&self, now: u64, generation: u32) -> BTreeSet<PeerId> {
        let hears = |tab: &Tab| {
            let beat = &tab.heartbeat;
            beat.online && beat.generation.current == generation && !tab.is_silent(now)
        };
        let tabs = self.alive().filter(|(_, tab)| hears(tab));
        let nodes = tabs.flat_map(|(_, tab)| &tab.heartbeat.nodes);
        nodes
            .filter(|node| node.online)
            .map(|node| node.id)
            .collect()
    }

    /// All nodes of other tabs, each with its tab.
    pub fn nodes(&self) -> impl Iterator<Item = (&PeerId, &NodeHeartbeat)> {
        self.alive()
            .flat_map(|(id, tab)| tab.heartbeat.nodes.iter().map(move |node| (id, node)))
    }

    /// The ends of the chains that other tabs' nodes stand on.
    pub fn branches(&self) -> impl Iterator<Item = &Branch> {
        self.alive().flat_map(|(_, tab)| &tab.heartbeat.branches)
    }

    fn remove(&mut self, id: &PeerId) -> Vec<News> {
        let Some(tab) = self.tabs.remove(id).filter(|tab| tab.confirmed) else {
            return Vec::new();
        };
        self.gone.retain(|(gone, _)| gone != id);
        if self.gone.len() >= MOST_GONE {
            self.gone.pop_front();
        }
        self.gone.push_back((*id, tab.sequence));
        let label = tab.heartbeat.label;
        vec![News::Left { label }]
    }
}

impl Tab {
    /// Whether a node is this tab's, whoever else names it. The lock alone does not prove that:
    /// somebody may hold the lock of a tab that is gone and whose nodes live elsewhere by now.
    fn keeps(&self, node: &PeerId, now: u64) -> bool {
        self.confirmed && !self.is_silent(now) && self.has(node)
    }

    fn has(&self, node: &PeerId) -> bool {
        self.heartbeat.nodes.iter().any(|other| other.id == *node)
    }
}

fn differences(before: &Heartbeat, after: &Heartbeat) -> Vec<News> {
    let mut news = Vec::new();
    if before.online != after.online {
        news.push(News::Online {
            label: after.label,
            online: after.online,
        });
    }
    for node in &after.nodes {
        let former = before.nodes.iter().find(|other| other.id == node.id);
        if former.is_some_and(|former| former.online != node.online) {
            news.push(News::NodeOnline {
                seat: node.seat,
                online: node.online,
            });
        }
    }
    news
}

#[cfg(all(test, not(target_arch = "wasm32")))] // with helpers of property tests
mod tests {
    use chain::BlockId;

    use super::super::heartbeat::tests::{heartbeat, run_of};
    use super::*;

    fn id(byte: u8) -> PeerId {
        PeerId::from_bytes([byte; 32])
    }

    fn says(label: u32, node: u8) -> Heartbeat {
        let headers = run_of(BlockId::ZERO, node, 2);
        heartbeat(label, id(node), Branch { height: 1, headers })
    }

    fn nobody(_: &PeerId) -> bool {
        false
    }

    impl Tabs {
        /// Hears the next thing that a tab says.
        fn next(&mut self, id: PeerId, said: Heartbeat, now: u64) -> Vec<News> {
            let number = self.tabs.get(&id).map_or(1, |tab| tab.sequence + 1);
            self.hear(id, number, said, nobody, now).news
        }
    }

    /// Tab 1 with one node, known to be alive.
    fn with_one() -> Tabs {
        let mut tabs = Tabs::default();
        tabs.next(id(1), says(1, 11), 0);
        tabs.locked(&BTreeSet::from([id(1)]), 0);
        tabs
    }

    #[test]
    fn a_tab_is_there_once_its_lock_is_seen_and_gone_with_it() {
        let mut tabs = Tabs::default();
        let heard = tabs.hear(id(1), 1, says(2, 11), nobody, 100);
        assert_eq!(
            (heard.stranger, heard.look, heard.news),
            (true, true, vec![])
        );
        assert_eq!(tabs.alive().count(), 0);
        // The locks were asked for before it was heard: the answer says nothing about it.
        assert_eq!(tabs.locked(&BTreeSet::new(), 50), []);
        assert_eq!(
            tabs.locked(&BTreeSet::from([id(1)]), 200),
            [News::Joined { label: 2 }]
        );
        assert_eq!(tabs.reachable(200, 0), BTreeSet::from([id(11)]));
        assert_eq!(
            tabs.locked(&BTreeSet::new(), 300),
            [News::Left { label: 2 }]
        );
        assert!(!tabs.tabs.contains_key(&id(1)));
    }

    #[test]
    fn a_heartbeat_without_a_lock_is_never_shown() {
        let mut tabs = Tabs::default();
        tabs.next(id(1), says(1, 11), 100);
        assert_eq!(tabs.locked(&BTreeSet::new(), 200), []);
        assert!(!tabs.tabs.contains_key(&id(1)));
    }

    #[test]
    fn a_tab_that_holds_its_lock_but_is_silent_cannot_be_reached() {
        let mut tabs = Tabs::default();
        tabs.next(id(1), says(1, 11), 0);
        tabs.locked(&BTreeSet::from([id(1)]), 1);
        assert_eq!(tabs.reachable(5_000, 0).len(), 1);
        assert!(tabs.reachable(5_001, 0).is_empty());
        assert!(tabs.alive().next().unwrap().1.is_silent(5_001));
    }

    #[test]
    fn a_goodbye_is_believed_once_the_lock_is_gone() {
        let mut tabs = with_one();
        let bye = Heartbeat {
            bye: true,
            ..says(1, 11)
        };
        let heard = tabs.hear(id(1), 2, bye.clone(), nobody, 1);
        assert_eq!((heard.look, heard.news), (true, vec![]));
        assert!(tabs.is_alive(&id(1)));
        assert_eq!(tabs.locked(&BTreeSet::new(), 2), [News::Left { label: 1 }]);
        assert_eq!(tabs.hear(id(1), 3, bye, nobody, 3), Heard::default());
    }

    #[test]
    fn a_command_counts_once_and_only_from_a_tab_that_has_shown_its_lock() {
        let mut tabs = with_one();
        assert!(tabs.counts(&id(1), 2));
        assert!(!tabs.counts(&id(1), 2) && !tabs.counts(&id(1), 1));
        tabs.next(id(2), says(2, 12), 0);
        assert!(!tabs.counts(&id(2), 9));
    }

    #[test]
    fn a_tab_that_says_goodbye_gives_up_its_nodes_at_once() {
        let mut tabs = with_one();
        let bye = Heartbeat {
            bye: true,
            ..says(1, 11)
        };
        tabs.next(id(1), bye, 1);
        tabs.next(id(2), says(2, 11), 2);
        tabs.locked(&BTreeSet::from([id(1), id(2)]), 3);
        assert_eq!(tabs.reachable(3, 0), BTreeSet::from([id(11)]));
    }

    #[test]
    fn nodes_of_another_generation_cannot_be_reached() {
        let mut tabs = Tabs::default();
        let mut reset = says(1, 11);
        reset.generation = reset.generation.reset();
        let current = reset.generation.current;
        tabs.next(id(1), reset, 0);
        tabs.next(id(2), says(2, 12), 0);
        tabs.locked(&BTreeSet::from([id(1), id(2)]), 1);
        assert_eq!(tabs.reachable(1, 0), BTreeSet::from([id(12)]));
        assert_eq!(tabs.reachable(1, current), BTreeSet::from([id(11)]));
    }

    #[test]
    fn a_replayed_heartbeat_is_not_heard() {
        let mut tabs = with_one();
        let off = Heartbeat {
            online: false,
            ..says(1, 11)
        };
        assert_eq!(tabs.hear(id(1), 1, off, nobody, 1), Heard::default());
        assert_eq!(tabs.reachable(1, 0).len(), 1);
    }

    #[test]
    fn nobody_can_claim_a_node_of_another_tab_or_ours() {
        let mut tabs = with_one();
        let mut thief = says(2, 11);
        thief.nodes.extend(says(2, 12).nodes);
        thief.nodes.extend(says(2, 13).nodes);
        thief.nodes.extend(says(2, 13).nodes);
        tabs.hear(id(2), 1, thief, |node| *node == id(12), 1);
        tabs.locked(&BTreeSet::from([id(1), id(2)]), 1);
        let owners: Vec<_> = tabs.nodes().map(|(tab, node)| (*tab, node.id)).collect();
        assert_eq!(owners, [(id(1), id(11)), (id(2), id(13))]);
    }

    #[test]
    fn switches_are_news_and_cut_nodes_are_out_of_reach() {
        let mut tabs = with_one();
        let mut cut = says(1, 11);
        cut.nodes[0].online = false;
        let news = News::NodeOnline {
            seat: 3,
            online: false,
        };
        assert_eq!(tabs.next(id(1), cut.clone(), 1), [news]);
        assert!(tabs.reachable(1, 0).is_empty());
        let off = Heartbeat {
            online: false,
            ..cut
        };
        let news = News::Online {
            label: 1,
            online: false,
        };
        assert_eq!(tabs.next(id(1), off, 1), [news]);
    }

    #[test]
    fn nothing_that_a_departed_tab_said_is_heard_again() {
        let mut tabs = with_one();
        tabs.hear(id(1), 5, says(1, 11), nobody, 1);
        tabs.locked(&BTreeSet::new(), 10);
        assert!(!tabs.hear(id(1), 5, says(1, 11), nobody, 20).stranger);
        assert_eq!(tabs.tabs.len(), 0);
        assert!(tabs.hear(id(1), 6, says(1, 11), nobody, 30).stranger);
        // Tabs that showed no lock are not remembered; of the others, a bounded number.
        for n in 0..1_000_u32 {
            let mut bytes = [9; 32];
            bytes[..4].copy_from_slice(&n.to_le_bytes());
            let (id, now) = (PeerId::from_bytes(bytes), u64::from(n) * 100);
            tabs.next(id, says(2, 12), now);
            let proven = n < 600;
            tabs.locked(&proven.then_some(id).into_iter().collect(), now + 1);
            tabs.locked(&BTreeSet::new(), now + 2);
        }
        assert_eq!(tabs.gone.len(), MOST_GONE);
        assert_eq!(tabs.gone.back().map(|(_, last)| *last), Some(1));
    }

    #[test]
    fn there_are_never_more_than_64_tabs() {
        let mut tabs = Tabs::default();
        for n in 0..10_000_u32 {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&n.to_le_bytes());
            let mut heartbeat = says(1, 1);
            heartbeat.nodes.clear();
            tabs.next(PeerId::from_bytes(bytes), heartbeat, u64::from(n));
        }
        assert_eq!(tabs.tabs.len(), 63);
        assert!(
            tabs.tabs.values().all(|tab| tab.heard > 9_900),
            "those without a lock give way"
        );
    }
}
