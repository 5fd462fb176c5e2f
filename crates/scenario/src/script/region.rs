//! Where the nodes of a run are.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Scenario, ScenarioError, limits, within};

/// A region of the world. Packets take their time between two, and wait where its nodes send more than
/// they can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionSpec {
    /// Its name for people.
    pub name: String,
    /// The nodes and clients in it. Whoever no region names is in the first one.
    #[serde(default)]
    pub nodes: Vec<u32>,
    /// Milliseconds from here to each region in turn, this one included; the delay of every link comes
    /// on top.
    pub delay_ms: Vec<u32>,
    /// Thousands of bits that each of its nodes can send in a second; what is more waits its turn. With
    /// 0, there is no limit.
    #[serde(default)]
    pub upload_kbit: u32,
}

impl RegionSpec {
    fn check(&self, regions: usize, seats: u32) -> Result<(), ScenarioError> {
        let length = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        within(
            "length of region.name",
            length(self.name.len()),
            1,
            length(limits::REGION_NAME),
        )?;
        if let Some(sign) = self.name.chars().find(|sign| sign.is_control()) {
            return Err(ScenarioError::BadName(sign));
        }
        let regions = length(regions);
        within(
            "length of region.delay_ms",
            length(self.delay_ms.len()),
            regions,
            regions,
        )?;
        self.delay_ms.iter().try_for_each(|delay| {
            within(
                "region.delay_ms",
                (*delay).into(),
                0,
                limits::DELAY_MS.into(),
            )
        })?;
        match self.nodes.iter().find(|node| **node >= seats) {
            Some(node) => Err(ScenarioError::BadNode(*node)),
            None => Ok(()),
        }
    }
}

impl Scenario {
    /// The region of each node and client in turn; none if there are no regions.
    ///
    /// # Errors
    /// Somebody is in two regions, or a region is outside its limits.
    pub fn regions_of_all(&self) -> Result<Vec<usize>, ScenarioError> {
        let most = u64::try_from(limits::REGIONS).unwrap_or(u64::MAX);
        within("number of regions", self.regions.len() as u64, 0, most)?;
        let seats = self.nodes.count.saturating_add(self.clients.count);
        let mut of: Vec<Option<usize>> = (0..seats).map(|_| None).collect();
        for (index, region) in self.regions.iter().enumerate() {
            region.check(self.regions.len(), seats)?;
            for node in &region.nodes {
                let place = usize::try_from(*node)
                    .ok()
                    .and_then(|node| of.get_mut(node));
                if place.is_none_or(|place| place.replace(index).is_some()) {
                    return Err(ScenarioError::BadNode(*node));
                }
            }
        }
        Ok(of.into_iter().map(Option::unwrap_or_default).collect())
    }
}
