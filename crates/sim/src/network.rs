//! Links that lose, delay, reorder and duplicate packets, and cuts between groups of nodes.

use chain::{Micros, Stream, Time};
use scenario::LinksSpec;

use crate::queue::SeatIx;

/// The state of all links.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    links: LinksSpec,
    rng: Stream,
    /// The group of each node during a cut.
    groups: Option<Vec<Option<u32>>>,
}

impl Network {
    pub(crate) fn new(links: LinksSpec, seed: u64) -> Self {
        Self {
            links,
            rng: Stream::new(seed, 0, "network"),
            groups: None,
        }
    }

    /// Lets only members of the same group hear each other.
    pub(crate) fn cut(&mut self, groups: &[Vec<SeatIx>], nodes: u32) {
        let group_of = |seat| {
            let index = groups.iter().position(|group| group.contains(&seat))?;
            u32::try_from(index).ok()
        };
        self.groups = Some((0..nodes).map(group_of).collect());
    }

    /// Lets everybody hear everybody again.
    pub(crate) fn heal(&mut self) {
        self.groups = None;
    }

    /// Whether a packet can get from one node to another now.
    pub(crate) fn connected(&self, a: SeatIx, b: SeatIx) -> bool {
        let Some(groups) = &self.groups else {
            return true;
        };
        let group = |seat: SeatIx| groups.get(usize::try_from(seat).ok()?).copied().flatten();
        group(a).is_some() && group(a) == group(b)
    }

    /// When the copies of a packet sent now arrive: none if it is lost, two if it is duplicated.
    pub(crate) fn arrivals(&mut self, now: Time) -> Vec<Time> {
        let copies = match () {
            () if self.rng.chance(self.links.loss_ppm) => 0,
            () if self.rng.chance(self.links.duplicate_ppm) => 2,
            () => 1,
        };
        (0..copies)
            .map(|_| now.saturating_add(self.delay()))
            .collect()
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

    fn network(loss_ppm: u32, duplicate_ppm: u32) -> Network {
        let links = LinksSpec {
            delay_min_ms: 10,
            delay_max_ms: 20,
            loss_ppm,
            duplicate_ppm,
        };
        Network::new(links, 1)
    }

    #[test]
    fn packets_are_lost_doubled_and_delayed_as_told() {
        assert!(network(1_000_000, 0).arrivals(Time(0)).is_empty());
        assert_eq!(network(0, 1_000_000).arrivals(Time(0)).len(), 2);
        let mut plain = network(0, 0);
        for _ in 0..1_000 {
            let [at] = plain.arrivals(Time(5))[..] else {
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
