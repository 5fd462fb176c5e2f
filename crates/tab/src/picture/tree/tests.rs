use chain::U256;

use super::*;
use crate::between::heartbeat::tests::{mined, run_of};

/// A node's view of the tree, built by hand.
struct Grove {
    tree: Tree<Work>,
    headers: BTreeMap<BlockId, BitcoinHeader>,
}

impl Forest for Grove {
    fn tree(&self) -> &Tree<Work> {
        &self.tree
    }

    fn header(&self, id: &BlockId) -> Option<BitcoinHeader> {
        self.headers.get(id).copied()
    }

    fn miner(&self, id: &BlockId) -> Option<u32> {
        self.headers
            .get(id)
            .map(|header| u32::from(header.merkle_root.as_bytes()[0]))
    }
}

fn work(height: u32) -> Work {
    Work(U256::from(height + 1))
}

impl Grove {
    fn new(genesis: BitcoinHeader) -> Self {
        let tree = Tree::new(genesis.id(), Height::GENESIS, work(0));
        Self {
            tree,
            headers: BTreeMap::from([(genesis.id(), genesis)]),
        }
    }

    fn add(&mut self, headers: &[BitcoinHeader]) {
        for header in headers {
            let height = self.tree.get(&header.prev).unwrap().height.0 + 1;
            self.tree
                .insert(header.id(), header.prev, work(height))
                .unwrap();
            self.tree.arrive(header.id());
            self.headers.insert(header.id(), *header);
        }
    }

    fn tip(&self) -> BlockId {
        self.tree.best()
    }
}

fn draw(groves: &[&Grove], tips: &[BlockId], branches: &[Branch]) -> Vec<BlockView> {
    let branches: Vec<&Branch> = branches.iter().collect();
    window(
        groves,
        &tips.iter().copied().collect(),
        &branches,
        &Watched::default(),
        MOST_BLOCKS,
    )
}

fn state_of(blocks: &[BlockView], header: &BitcoinHeader) -> Option<BlockState> {
    let id = header.id();
    blocks
        .iter()
        .find(|block| block.id == id)
        .map(|block| block.state)
}

#[test]
fn each_state_is_told_apart() {
    let genesis = mined(BlockId::ZERO, 0);
    let main = run_of(genesis.id(), 1, 4);
    let rival = run_of(main[1].id(), 2, 1);
    let stale = run_of(main[0].id(), 3, 1);
    let broken = run_of(main[2].id(), 4, 2);
    let unseen = run_of(main[3].id(), 5, 2);
    let mut first = Grove::new(genesis);
    for headers in [&main, &rival, &stale, &broken] {
        first.add(headers);
    }
    first.tree.invalidate(broken[0].id());
    let told = Branch {
        height: 4,
        headers: [&main[3..], &unseen].concat(),
    };
    let tips = [first.tip(), rival[0].id(), unseen[1].id()];
    let blocks = draw(&[&first], &tips, &[told]);
    assert_eq!(state_of(&blocks, &genesis), Some(BlockState::Best));
    assert!(
        main.iter()
            .all(|header| state_of(&blocks, header) == Some(BlockState::Best))
    );
    assert_eq!(state_of(&blocks, &rival[0]), Some(BlockState::Rival));
    assert_eq!(state_of(&blocks, &stale[0]), Some(BlockState::Stale));
    assert!(
        broken
            .iter()
            .all(|header| state_of(&blocks, header) == Some(BlockState::Invalid))
    );
    assert!(
        unseen
            .iter()
            .all(|header| state_of(&blocks, header) == Some(BlockState::Unseen))
    );
    assert!(blocks.is_sorted_by_key(|block| block.height));
    assert_eq!(
        blocks.iter().find(|block| block.height == 1).unwrap().miner,
        Some(1)
    );
}

#[test]
fn a_branch_that_nobody_stands_on_is_stale() {
    let genesis = mined(BlockId::ZERO, 0);
    let (main, loser) = (run_of(genesis.id(), 1, 3), run_of(genesis.id(), 2, 2));
    let mut first = Grove::new(genesis);
    first.add(&main);
    first.add(&loser);
    let fork = draw(&[&first], &[first.tip(), loser[1].id()], &[]);
    assert!(
        loser
            .iter()
            .all(|header| state_of(&fork, header) == Some(BlockState::Rival))
    );
    let healed = draw(&[&first], &[first.tip()], &[]);
    assert!(
        loser
            .iter()
            .all(|header| state_of(&healed, header) == Some(BlockState::Stale))
    );
}

#[test]
fn what_another_node_of_this_tab_has_is_not_unseen() {
    let genesis = mined(BlockId::ZERO, 0);
    let branch = run_of(genesis.id(), 2, 1);
    let (first, mut second) = (Grove::new(genesis), Grove::new(genesis));
    second.add(&branch);
    let blocks = draw(&[&first, &second], &[first.tip(), second.tip()], &[]);
    assert_eq!(state_of(&blocks, &branch[0]), Some(BlockState::Rival));
}

#[test]
fn the_window_is_the_last_48_heights() {
    let genesis = mined(BlockId::ZERO, 0);
    let mut first = Grove::new(genesis);
    first.add(&run_of(genesis.id(), 1, 100));
    let blocks = draw(&[&first], &[], &[]);
    let heights: Vec<u32> = blocks.iter().map(|block| block.height).collect();
    assert_eq!(heights, (53..=100).collect::<Vec<_>>());
}

#[test]
fn the_tip_that_counts_is_drawn_however_far_ahead_another_node_is() {
    let genesis = mined(BlockId::ZERO, 0);
    let long = run_of(genesis.id(), 1, 100);
    let [mut behind, mut ahead] = [Grove::new(genesis), Grove::new(genesis)];
    behind.add(&long[..5]);
    ahead.add(&long);
    let tips = [behind.tip(), ahead.tip()];
    let blocks = draw(&[&behind, &ahead], &tips, &[]);
    assert_eq!(state_of(&blocks, &long[4]), Some(BlockState::Best));
}

#[test]
fn a_lie_about_heights_does_not_push_the_truth_out() {
    let genesis = mined(BlockId::ZERO, 0);
    let main = run_of(genesis.id(), 1, 3);
    let mut first = Grove::new(genesis);
    first.add(&main);
    let far = Branch {
        height: u32::MAX - 20,
        headers: run_of(BlockId::ZERO, 9, 3),
    };
    let wrong = Branch {
        height: 3,
        headers: run_of(main[0].id(), 8, 1),
    };
    let blocks = draw(&[&first], &[first.tip()], &[far, wrong.clone()]);
    assert_eq!(blocks.len(), 4);
    assert_eq!(state_of(&blocks, &wrong.headers[0]), None);
}

#[test]
fn too_many_rivals_are_cut_by_height_and_the_best_chain_stays() {
    let genesis = mined(BlockId::ZERO, 0);
    let main = run_of(genesis.id(), 1, 3);
    let mut first = Grove::new(genesis);
    first.add(&main);
    for salt in 2..=100 {
        first.add(&run_of(main[0].id(), salt, 1));
        first.add(&[mined(main[1].id(), salt)]);
    }
    let blocks = window(&[&first], &BTreeSet::new(), &[], &Watched::default(), 120);
    assert!(blocks.len() <= 120 && blocks.iter().all(|block| block.height == 3));
    assert_eq!(state_of(&blocks, &main[2]), Some(BlockState::Best));
    let blocks = window(&[&first], &BTreeSet::new(), &[], &Watched::default(), 10);
    assert_eq!(
        (blocks.len(), state_of(&blocks, &main[2])),
        (10, Some(BlockState::Best))
    );
}

#[test]
fn a_losing_branch_stays_visible_when_nobody_stands_on_it_any_more() {
    let genesis = mined(BlockId::ZERO, 0);
    let (won, lost) = (run_of(genesis.id(), 1, 4), run_of(genesis.id(), 2, 3));
    let mut grove = Grove::new(genesis);
    grove.add(&won);
    let branch = Branch {
        height: 1,
        headers: lost.clone(),
    };
    let mut watched = Watched::default();
    watched.watch(&branch);
    let tips = BTreeSet::from([grove.tip(), lost[2].id()]);
    let during = window(&[&grove], &tips, &[&branch], &watched, MOST_BLOCKS);
    assert_eq!(state_of(&during, &lost[1]), Some(BlockState::Unseen));
    let tips = BTreeSet::from([grove.tip()]);
    let healed = window(&[&grove], &tips, &[], &watched, MOST_BLOCKS);
    for header in &lost {
        assert_eq!(state_of(&healed, header), Some(BlockState::Stale));
    }
    assert_eq!(watched.header(&lost[0].id()), Some(&lost[0]));
    watched.clear();
    let other_chain = window(&[&grove], &tips, &[], &watched, MOST_BLOCKS);
    assert_eq!(state_of(&other_chain, &lost[0]), None);
}
