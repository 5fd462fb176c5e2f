//! Links that lose, delay, reorder and duplicate packets, cuts between nodes, slow nodes, and regions
//! between which packets take longer, and whose nodes can only send so much.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chain::{Micros, Stream, Time};
use scenario::{LinksSpec, RegionSpec, Scenario};

use crate::queue::{SeatIx, usize_of};

/// The state of all links.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    links: LinksSpec,
    rng: Stream,
    /// The group of each node during a cut.
    groups: Option<Vec<Option<u32>>>,
    /// Whose packets to whom are lost besides.
    deaf: BTreeSet<(SeatIx, SeatIx)>,
    /// How much longer packets to and from a node take.
    slow: BTreeMap<SeatIx, Micros>,
    /// Who is linked to whom, in ascending order; without it everybody is.
    linked: Option<Arc<[Vec<SeatIx>]>>,
    /// Where nodes are, if that makes a difference.
    regions: Arc<[RegionSpec]>,
    /// The region of each node and client in turn.
    region_of: Arc<[usize]>,
    /// When what a node has sent so far has left it, in regions where that takes time.
    sent_by: BTreeMap<SeatIx, Time>,
}

impl Network {
    /// The network of a scenario that is within its limits, but for who is linked to whom.
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let region_of = scenario.regions_of_all();
        Self {
            links: scenario.links,
            regions: scenario.regions.clone().into(),
            region_of: region_of.expect("a checked scenario").into(),
            sent_by: BTreeMap::new(),
            rng: Stream::new(scenario.seed, 0, "network"),
            groups: None,
            deaf: BTreeSet::new(),
            slow: BTreeMap::new(),
            linked: None,
        }
    }

    /// Lets each of so many nodes begin links to others that are drawn at random. Links carry both ways.
    pub(crate) fn sparse(mut self, nodes: u32, peers: u32, seed: u64) -> Self {
        let mut rng = Stream::new(seed, 0, "topology");
        let mut linked = vec![BTreeSet::new(); usize_of(nodes)];
        for from in 0..nodes {
            let mut begun = 0;
            // Nearly all others may be linked already: then a few draws more find nobody.
            for _ in 0..16 * peers {
                let to = u32::try_from(rng.below(nodes.into())).expect("below a u32");
                if begun < peers && to != from && linked[usize_of(from)].insert(to) {
                    linked[usize_of(to)].insert(from);
                    begun += 1;
                }
            }
        }
        let lists = linked.into_iter().map(|peers| peers.into_iter().collect());
        self.linked = Some(lists.collect());
        self
    }

    /// Whom a node has links to, of so many.
    pub(crate) fn linked(&self, seat: SeatIx, seats: u32) -> Vec<SeatIx> {
        match &self.linked {
            Some(linked) => linked[usize_of(seat)].clone(),
            None => (0..seats).filter(|other| *other != seat).collect(),
        }
    }

    fn is_linked(&self, from: SeatIx, to: SeatIx) -> bool {
        let linked = self.linked.as_ref();
        linked.is_none_or(|linked| linked[usize_of(from)].binary_search(&to).is_ok())
    }

    /// Lets only members of the same group hear each other.
    pub(crate) fn cut(&mut self, groups: &[Vec<SeatIx>], nodes: u32) {
        let group_of = |seat| {
            let index = groups.iter().position(|group| group.contains(&seat))?;
            u32::try_from(index).ok()
        };
        self.groups = Some((0..nodes).map(group_of).collect());
    }

    /// Loses what some say to others.
    pub(crate) fn cut_one_way(&mut self, from: &[SeatIx], to: &[SeatIx]) {
        let pairs = from.iter().flat_map(|a| to.iter().map(|b| (*a, *b)));
        self.deaf.extend(pairs);
    }

    /// Delays all that a node says or hears.
    pub(crate) fn slow(&mut self, seat: SeatIx, by: Micros) {
        self.slow.insert(seat, by);
    }

    /// Lets everybody hear everybody again, without additional delay.
    pub(crate) fn heal(&mut self) {
        self.groups = None;
        self.deaf.clear();
        self.slow.clear();
    }

    /// Whether a packet can get from one node to another now.
    pub(crate) fn connected(&self, from: SeatIx, to: SeatIx) -> bool {
        if self.deaf.contains(&(from, to)) || !self.is_linked(from, to) {
            return false;
        }
        let Some(groups) = &self.groups else {
            return true;
        };
        let group = |seat: SeatIx| groups.get(usize::try_from(seat).ok()?).copied().flatten();
        group(from).is_some() && group(from) == group(to)
    }

    /// When the copies of a packet of so many bytes sent now arrive: none if it is lost, two if it is
    /// duplicated.
    pub(crate) fn arrivals(
        &mut self,
        now: Time,
        from: SeatIx,
        to: SeatIx,
        bytes: u64,
    ) -> Vec<Time> {
        let left = self.leaves(now, from, bytes);
        let copies = match () {
            () if !self.connected(from, to) => 0,
            () if self.rng.chance(self.links.loss_ppm) => 0,
            () if self.rng.chance(self.links.duplicate_ppm) => 2,
            () => 1,
        };
        let more = |seat| self.slow.get(&seat).copied().unwrap_or_default();
        let begin = left.saturating_add(more(from)).saturating_add(more(to));
        let begin = begin.saturating_add(self.distance(from, to));
        (0..copies)
            .map(|_| begin.saturating_add(self.delay()))
            .collect()
    }

    /// When a packet that a node sends now has left it: what it sent before goes first.
    fn leaves(&mut self, now: Time, from: SeatIx, bytes: u64) -> Time {
        let Some(rate) = self
            .region(from)
            .map(|region| u64::from(region.upload_kbit))
        else {
            return now;
        };
        if rate == 0 {
            return now;
        }
        let takes = Micros(bytes.saturating_mul(8_000).div_ceil(rate));
        let before = self.sent_by.get(&from).copied().unwrap_or(now);
        let left = before.max(now).saturating_add(takes);
        self.sent_by.insert(from, left);
        left
    }

    /// How long a packet takes between the regions of two nodes.
    fn distance(&self, from: SeatIx, to: SeatIx) -> Micros {
        let (from, to) = (self.region(from), self.region_of.get(usize_of(to)));
        let delay = from.zip(to).and_then(|(from, to)| from.delay_ms.get(*to));
        Micros::from_millis(delay.copied().unwrap_or_default().into())
    }

    fn region(&self, seat: SeatIx) -> Option<&RegionSpec> {
        self.regions.get(*self.region_of.get(usize_of(seat))?)
    }

    fn delay(&mut self) -> Micros {
        let shortest = Micros::from_millis(self.links.delay_min_ms.into());
        let longest = Micros::from_millis(self.links.delay_max_ms.into());
        Micros(shortest.0 + self.rng.below(longest.0 - shortest.0 + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_links_are_drawn_each_node_begins_as_many_as_there_can_be() {
        for (nodes, peers, least) in [(1, 8, 0), (5, 8, 4), (600, 8, 8)] {
            let network = network(0, 0).sparse(nodes, peers, 7);
            let mut links = 0;
            for seat in 0..nodes {
                let others = network.linked(seat, nodes);
                assert!(others.len() >= least, "{nodes}: {others:?}");
                assert!(!others.contains(&seat));
                assert!(others.iter().all(|other| network.connected(*other, seat)));
                links += others.len();
            }
            let most = 2 * usize_of(nodes) * usize_of(peers);
            assert!(links <= most, "{links}");
        }
        let network = network(0, 0).sparse(600, 8, 7);
        let stranger = (0..600).find(|other| !network.is_linked(0, *other));
        assert!(stranger.is_some_and(|other| !network.connected(0, other)));
    }

    fn network(loss_ppm: u32, duplicate_ppm: u32) -> Network {
        Network::new(&Scenario {
            links: LinksSpec {
                delay_min_ms: 10,
                delay_max_ms: 20,
                loss_ppm,
                duplicate_ppm,
            },
            ..scenario()
        })
    }

    fn scenario() -> Scenario {
        toml::from_str(
            r#"
            title = ""
            seed = 1
            seconds = 60
            chain = { name = "network", protocol = "raft", ledger = "kv" }
            nodes = { count = 5 }
            links = { delay_min_ms = 0, delay_max_ms = 0 }
            "#,
        )
        .expect("a scenario")
    }

    fn region(name: &str, nodes: Vec<u32>, delay_ms: [u32; 2], upload_kbit: u32) -> RegionSpec {
        RegionSpec {
            name: name.into(),
            nodes,
            delay_ms: delay_ms.into(),
            upload_kbit,
        }
    }

    #[test]
    fn packets_take_their_time_between_regions_and_wait_for_those_before_them() {
        let near = region("Near", vec![0], [1, 40], 0);
        let far = region("Far", vec![2, 1], [50, 2], 8);
        let mut network = Network::new(&Scenario {
            regions: vec![near, far],
            ..scenario()
        });
        let mut at = |now, from, to| network.arrivals(Time(now), from, to, 100)[0].0 - now;
        // Nodes 3 and 4 are where the first region is; eight thousand bits a second are a byte each ms.
        assert_eq!((at(0, 0, 3), at(0, 0, 1)), (1_000, 40_000));
        assert_eq!((at(0, 1, 4), at(0, 1, 2)), (150_000, 202_000));
        assert_eq!((at(0, 2, 1), at(0, 2, 2)), (102_000, 202_000));
        assert_eq!(at(5_000_000, 1, 2), 102_000, "nothing waits any more");
    }

    #[test]
    fn a_one_way_cut_leaves_the_way_back_and_a_slow_node_is_slow_both_ways() {
        let mut network = network(0, 0);
        network.cut_one_way(&[0], &[1, 2]);
        assert!(!network.connected(0, 1) && !network.connected(0, 2));
        assert!(network.connected(1, 0) && network.connected(0, 3));
        assert!(network.arrivals(Time(0), 0, 1, 100).is_empty());
        network.slow(3, Micros::from_millis(100));
        for (from, to, least) in [(3, 1, 110_000), (1, 3, 110_000), (1, 2, 10_000)] {
            let [at] = network.arrivals(Time(0), from, to, 100)[..] else {
                panic!("one copy")
            };
            assert!((least..=least + 10_000).contains(&at.0), "{at:?}");
        }
        network.heal();
        assert!(network.connected(0, 1));
        assert!(network.arrivals(Time(0), 3, 1, 100)[0] <= Time(20_000));
    }

    #[test]
    fn packets_are_lost_doubled_and_delayed_as_told() {
        assert!(
            network(1_000_000, 0)
                .arrivals(Time(0), 0, 1, 100)
                .is_empty()
        );
        assert_eq!(network(0, 1_000_000).arrivals(Time(0), 0, 1, 100).len(), 2);
        let mut plain = network(0, 0);
        for _ in 0..1_000 {
            let [at] = plain.arrivals(Time(5), 0, 1, 100)[..] else {
                panic!("one copy")
            };
            assert!((Time(10_005)..=Time(20_005)).contains(&at), "{at:?}");
        }
    }

    #[test]
    fn a_cut_separates_groups_and_isolates_the_rest() {
        let mut network = network(0, 0);
        network.cut(&[vec![0, 1], vec![2]], 4);
        assert!(network.connected(0, 1));
        assert!(!network.connected(0, 2));
        assert!(!network.connected(3, 3), "a node of no group hears nobody");
        network.heal();
        assert!(network.connected(0, 3));
    }
}
