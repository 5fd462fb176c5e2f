//! The block tree against a naive model, and its named rules one by one.
#![cfg(not(target_arch = "wasm32"))]

use chain::{BlockId, CompactTarget, Height, Work, block_proof};
use chain::{InsertError, LinkState, Reorg, Tree};
use proptest::prelude::*;

fn id(n: u16) -> BlockId {
    // The first byte runs against the number, so that order by id and order of
    // insertion differ.
    let mut bytes = [0; 32];
    bytes[0] = 255 - (n % 251) as u8;
    bytes[30..].copy_from_slice(&n.to_be_bytes());
    BlockId::from_bytes(bytes)
}

/// Inserts a header, brings its body and returns its id.
fn add(tree: &mut Tree<u64>, n: u16, parent: BlockId, weight: u64) -> BlockId {
    tree.insert(id(n), parent, weight).unwrap();
    tree.arrive(id(n));
    id(n)
}

fn rooted() -> Tree<u64> {
    Tree::new(id(0), Height(0), 1)
}

// ---- the naive model: a list, everything recomputed ----

#[derive(Clone)]
struct Block {
    parent: usize,
    weight: u64,
    body: bool,
    faulty: bool,
    arrival: Option<usize>,
}

#[derive(Clone)]
struct Model {
    blocks: Vec<Block>,
    arrivals: usize,
}

impl Model {
    fn new() -> Self {
        let root = Block {
            parent: 0,
            weight: 1,
            body: true,
            faulty: false,
            arrival: Some(0),
        };
        Self {
            blocks: vec![root],
            arrivals: 0,
        }
    }

    /// From the root to the block.
    fn chain(&self, block: usize) -> Vec<usize> {
        let mut chain = vec![block];
        while chain[0] != 0 {
            chain.insert(0, self.blocks[chain[0]].parent);
        }
        chain
    }

    fn invalid(&self, block: usize) -> bool {
        self.chain(block).iter().any(|&b| self.blocks[b].faulty)
    }

    fn complete(&self, block: usize) -> bool {
        self.chain(block).iter().all(|&b| self.blocks[b].body)
    }

    fn insert(&mut self, parent: usize, weight: u64) -> bool {
        let fine = !self.invalid(parent);
        if fine {
            self.blocks.push(Block {
                parent,
                weight,
                body: false,
                faulty: false,
                arrival: None,
            });
        }
        fine
    }

    fn arrive(&mut self, block: usize) -> Vec<usize> {
        if self.invalid(block) {
            return vec![];
        }
        self.blocks[block].body = true;
        let mut ready = vec![];
        // One at a time: the one whose parent was ready first, then the older header.
        while let Some(next) = (0..self.blocks.len())
            .filter(|&b| self.blocks[b].arrival.is_none() && self.complete(b) && !self.invalid(b))
            .filter(|&b| self.blocks[self.blocks[b].parent].arrival.is_some())
            .min_by_key(|&b| (self.blocks[self.blocks[b].parent].arrival, b))
        {
            self.arrivals += 1;
            self.blocks[next].arrival = Some(self.arrivals);
            ready.push(next);
        }
        ready
    }

    fn invalidate(&mut self, block: usize) -> Vec<usize> {
        if block == 0 {
            return vec![];
        }
        let before: Vec<bool> = (0..self.blocks.len()).map(|b| self.invalid(b)).collect();
        self.blocks[block].faulty = true;
        (0..self.blocks.len())
            .filter(|&b| self.invalid(b) && !before[b])
            .collect()
    }

    fn best(&self) -> usize {
        let mut best = 0;
        let mut all: Vec<usize> = (0..self.blocks.len()).collect();
        all.retain(|&b| self.complete(b) && !self.invalid(b));
        all.sort_by_key(|&b| self.blocks[b].arrival);
        for b in all {
            if self.blocks[b].weight > self.blocks[best].weight {
                best = b;
            }
        }
        best
    }

    fn best_header(&self) -> usize {
        let mut best = 0;
        for b in (0..self.blocks.len()).filter(|&b| !self.invalid(b)) {
            if self.blocks[b].weight > self.blocks[best].weight {
                best = b;
            }
        }
        best
    }

    fn route(&self, from: usize, to: usize) -> Reorg {
        let (a, b) = (self.chain(from), self.chain(to));
        let shared = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
        Reorg {
            disconnect: a[shared..].iter().rev().map(|&b| id(b as u16)).collect(),
            connect: b[shared..].iter().map(|&b| id(b as u16)).collect(),
        }
    }
}

fn ids(blocks: &[usize]) -> Vec<BlockId> {
    blocks.iter().map(|&b| id(b as u16)).collect()
}

fn sorted(mut ids: Vec<BlockId>) -> Vec<BlockId> {
    ids.sort();
    ids
}

/// Compares the answers to every query, for all blocks.
fn compare_state(tree: &Tree<u64>, model: &Model) {
    assert_eq!(tree.best(), id(model.best() as u16));
    assert_eq!(tree.best_header(), id(model.best_header() as u16));
    assert_eq!(tree.len(), model.blocks.len());
    for (b, block) in model.blocks.iter().enumerate() {
        let link = tree.get(&id(b as u16)).unwrap();
        assert_eq!(link.weight, block.weight);
        assert_eq!(link.height, Height(model.chain(b).len() as u32 - 1));
        assert_eq!(link.is_invalid(), model.invalid(b));
        if let LinkState::Invalid { cause } = link.state {
            let chain = ids(&model.chain(b));
            assert!(chain.contains(&cause));
        } else {
            let expected = match (model.complete(b), block.body) {
                (true, _) => LinkState::Ready,
                (_, true) => LinkState::Body,
                _ => LinkState::Header,
            };
            assert_eq!(link.state, expected);
        }
    }
    let tip = model.chain(model.best_header());
    let missing: Vec<usize> = tip.into_iter().filter(|&b| !model.blocks[b].body).collect();
    assert_eq!(tree.missing_bodies(usize::MAX), ids(&missing));
    assert_eq!(
        tree.missing_bodies(2),
        ids(&missing[..missing.len().min(2)])
    );
}

fn compare_ways(tree: &Tree<u64>, model: &Model) {
    for a in 0..model.blocks.len() {
        let chain = model.chain(a);
        for height in 0..=chain.len() {
            let expected = chain.get(height).map(|&b| id(b as u16));
            assert_eq!(
                tree.ancestor(&id(a as u16), Height(height as u32)),
                expected
            );
        }
        for b in 0..model.blocks.len() {
            let (x, y) = (id(a as u16), id(b as u16));
            assert_eq!(tree.route(&x, &y), Some(model.route(a, b)));
            assert_eq!(tree.is_ancestor(&y, &x), chain.contains(&b));
            let fork = chain
                .iter()
                .filter(|c| model.chain(b).contains(c))
                .max_by_key(|c| model.chain(**c).len());
            assert_eq!(tree.fork_point(&x, &y), fork.map(|&c| id(c as u16)));
        }
        let children: Vec<usize> = (1..model.blocks.len())
            .filter(|&b| model.blocks[b].parent == a)
            .collect();
        assert_eq!(
            tree.children(&id(a as u16)).collect::<Vec<_>>(),
            ids(&children)
        );
        let level: Vec<usize> = (0..model.blocks.len())
            .filter(|&b| model.chain(b).len() == chain.len())
            .collect();
        let height = Height(chain.len() as u32 - 1);
        assert_eq!(tree.at_height(height).collect::<Vec<_>>(), ids(&level));
    }
}

#[derive(Clone, Debug)]
enum Op {
    Insert {
        parent: prop::sample::Index,
        more: u64,
    },
    /// Builds on the newest block, to get long chains.
    Extend {
        more: u64,
    },
    Arrive(prop::sample::Index),
    Invalidate(prop::sample::Index),
    /// Continues with a clone and keeps the original.
    Clone,
}

fn op() -> impl Strategy<Value = Op> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => (index(), 0..4u64).prop_map(|(parent, more)| Op::Insert { parent, more }),
        4 => (0..3u64).prop_map(|more| Op::Extend { more }),
        8 => index().prop_map(Op::Arrive),
        1 => index().prop_map(Op::Invalidate),
        1 => Just(Op::Clone),
    ]
}

fn apply(op: &Op, tree: &mut Tree<u64>, model: &mut Model) {
    let count = model.blocks.len();
    let insert = |parent: usize, more: u64, tree: &mut Tree<u64>, model: &mut Model| {
        let weight = model.blocks[parent].weight + more;
        let fine = model.insert(parent, weight);
        let result = tree.insert(id(count as u16), id(parent as u16), weight);
        match result {
            Ok(()) => assert!(fine),
            Err(InsertError::BadAncestor { .. }) => assert!(!fine),
            Err(other) => panic!("{other}"),
        }
    };
    match op {
        Op::Insert { parent, more } => insert(parent.index(count), *more, tree, model),
        Op::Extend { more } => insert(count - 1, *more, tree, model),
        Op::Arrive(index) => {
            let block = index.index(count);
            let ready = model.arrive(block);
            assert_eq!(tree.arrive(id(block as u16)), ids(&ready));
            assert_eq!(
                tree.arrive(id(block as u16)),
                vec![],
                "arrival is idempotent"
            );
        }
        Op::Invalidate(index) => {
            let block = index.index(count);
            let fallen = model.invalidate(block);
            let got = tree.invalidate(id(block as u16));
            let height = |id: &BlockId| tree.get(id).unwrap().height;
            assert!(got.is_sorted_by_key(height), "parents come first");
            assert_eq!(sorted(got), sorted(ids(&fallen)));
        }
        Op::Clone => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn agrees_with_the_naive_model(ops in prop::collection::vec(op(), 1..70)) {
        let (mut tree, mut model) = (rooted(), Model::new());
        let mut kept = vec![];
        for op in &ops {
            if let Op::Clone = op {
                kept.push((tree.clone(), model.clone()));
            }
            apply(op, &mut tree, &mut model);
            compare_state(&tree, &model);
        }
        compare_ways(&tree, &model);
        for (tree, model) in &kept {
            compare_state(tree, model);
        }
    }

    /// Whatever order bodies arrive in, the heaviest chain wins in the end, and
    /// the tip never moves to a chain that is not heavier.
    #[test]
    fn the_tip_never_gets_lighter(
        parents in prop::collection::vec(any::<prop::sample::Index>(), 1..40),
        order in prop::collection::vec(any::<prop::sample::Index>(), 200),
    ) {
        let mut tree = rooted();
        for (n, parent) in parents.iter().enumerate() {
            let parent = id(parent.index(n + 1) as u16);
            let weight = tree.get(&parent).unwrap().weight + 1;
            tree.insert(id(n as u16 + 1), parent, weight).unwrap();
        }
        let all = (1..=parents.len() as u16).map(id);
        let picks = order.iter().map(|pick| id(pick.index(parents.len() + 1) as u16)).chain(all);
        for block in picks {
            let before = tree.best();
            tree.arrive(block);
            let weight = |id| tree.get(&id).unwrap().weight;
            prop_assert!(tree.best() == before || weight(tree.best()) > weight(before));
        }
        let heaviest = tree.iter().map(|link| link.weight).max();
        prop_assert_eq!(tree.get(&tree.best()).map(|link| link.weight), heaviest);
        prop_assert_eq!(tree.missing_bodies(1), vec![]);
    }
}

// ---- named rules ----

/// A hundred blocks of two expected hashes each against one of slightly more than 256.
#[test]
fn most_work_beats_longest() {
    let proof = |bits| block_proof(CompactTarget(bits));
    let mut tree = Tree::new(id(0), Height(0), Work::ZERO);
    let (mut tip, mut work) = (id(0), Work::ZERO);
    for n in 1..=100 {
        work = work.checked_add(proof(0x207f_ffff)).unwrap();
        tree.insert(id(n), tip, work).unwrap();
        tree.arrive(id(n));
        tip = id(n);
    }
    assert_eq!(work, Work::from(200));
    assert_eq!(tree.best(), tip);
    assert_eq!(proof(0x2000_ffff), Work::from(256));
    tree.insert(id(200), id(0), proof(0x2000_ffff)).unwrap();
    assert_eq!(
        (tree.best_header(), tree.best()),
        (id(200), tip),
        "no body yet"
    );
    tree.arrive(id(200));
    assert_eq!(tree.best(), id(200));
    let reorg = tree.route(&tip, &tree.best()).unwrap();
    assert_eq!(
        (reorg.disconnect.len(), reorg.connect),
        (100, vec![id(200)])
    );
}

#[test]
fn first_seen_wins_ties() {
    let mut tree = rooted();
    let (a, b) = (id(1), id(2));
    tree.insert(a, id(0), 2).unwrap();
    tree.insert(b, id(0), 2).unwrap();
    tree.arrive(b);
    tree.arrive(a);
    assert_eq!(tree.best(), b, "the body that came first");
    assert_eq!(tree.best_header(), a, "the header that came first");
    let c = add(&mut tree, 3, a, 3);
    assert_eq!(tree.best(), c, "heavier by one");
}

#[test]
fn a_chain_whose_first_body_comes_late_does_not_win_a_tie() {
    let mut tree = rooted();
    for (n, parent, weight) in [(1, 0, 2), (2, 1, 3), (3, 0, 2), (4, 3, 3)] {
        tree.insert(id(n), id(parent), weight).unwrap();
    }
    assert_eq!(tree.arrive(id(2)), vec![], "waits for its parent");
    tree.arrive(id(3));
    tree.arrive(id(4));
    assert_eq!(tree.arrive(id(1)), vec![id(1), id(2)]);
    assert_eq!(tree.best(), id(4), "it was complete first");
}

#[test]
fn an_invalid_last_block_of_a_fork_leaves_the_tip_at_its_parent() {
    let mut tree = rooted();
    let old = add(&mut tree, 1, id(0), 2);
    let fork = add(&mut tree, 2, id(0), 2);
    let middle = add(&mut tree, 3, fork, 3);
    let last = add(&mut tree, 4, middle, 4);
    assert_eq!(tree.best(), last);
    assert_eq!(tree.invalidate(last), vec![last]);
    assert_eq!(tree.best(), middle, "not back to {old}");
    assert_eq!(tree.best_header(), middle);
    assert_eq!(
        tree.route(&old, &tree.best()).unwrap().connect,
        vec![fork, middle]
    );
}

#[test]
fn invalid_ancestors_reject_descendants() {
    let mut tree = rooted();
    let bad = add(&mut tree, 1, id(0), 2);
    let child = add(&mut tree, 2, bad, 3);
    let grandchild = id(3);
    tree.insert(grandchild, child, 4).unwrap();
    assert_eq!(tree.invalidate(bad), vec![bad, child, grandchild]);
    assert_eq!(tree.invalidate(bad), vec![], "reported once");
    assert_eq!(tree.invalidate(child), vec![]);
    let late = tree.insert(id(4), grandchild, 9);
    assert_eq!(
        late,
        Err(InsertError::BadAncestor {
            id: id(4),
            ancestor: bad
        })
    );
    assert!(!tree.contains(&id(4)));
    assert_eq!(tree.arrive(grandchild), vec![]);
    assert_eq!((tree.best(), tree.best_header()), (id(0), id(0)));
    assert_eq!(tree.missing_bodies(9), vec![]);
}

#[test]
fn clone_then_diverge_leaves_the_original_unchanged() {
    let mut tree = rooted();
    let a = add(&mut tree, 1, id(0), 2);
    let before: Vec<_> = tree.iter().cloned().collect();
    let mut twin = tree.clone();
    let b = add(&mut twin, 2, a, 3);
    twin.invalidate(a);
    twin.insert(id(3), id(0), 9).unwrap();
    assert_eq!(tree.iter().cloned().collect::<Vec<_>>(), before);
    assert_eq!((tree.best(), tree.len(), tree.contains(&b)), (a, 2, false));
    assert_eq!(tree.children(&a).count(), 0);
    assert_eq!(twin.best_header(), id(3));
}

#[test]
fn pruned_headers_leave_nothing_behind_and_ready_blocks_stay() {
    let mut tree = rooted();
    let a = add(&mut tree, 1, id(0), 2);
    let before: Vec<_> = tree.iter().cloned().collect();
    tree.insert(id(2), a, 3).unwrap();
    tree.insert(id(3), id(2), 4).unwrap();
    tree.arrive(id(3)); // waits for the body below it
    tree.insert(id(4), id(2), 9).unwrap();
    tree.invalidate(id(4));
    assert_eq!(tree.unready(), 3);
    assert!(tree.prune(a).is_empty() && tree.prune(id(9)).is_empty());
    let gone = tree.prune(id(2));
    let ids: Vec<_> = gone.iter().map(|link| link.id).collect();
    assert_eq!(ids, [id(2), id(3), id(4)]);
    let states = (gone[0].state, gone[1].state, gone[2].is_invalid());
    assert_eq!(states, (LinkState::Header, LinkState::Body, true));
    assert_eq!(tree.iter().cloned().collect::<Vec<_>>(), before);
    assert_eq!((tree.best(), tree.best_header(), tree.unready()), (a, a, 0));
    assert_eq!(tree.children(&a).count(), 0);
    tree.insert(id(2), a, 3).unwrap();
    assert_eq!(tree.arrive(id(2)), [id(2)]);
}

#[test]
fn duplicates_and_orphans_are_refused() {
    let mut tree = rooted();
    let a = add(&mut tree, 1, id(0), 2);
    assert_eq!(tree.insert(a, id(0), 7), Err(InsertError::Duplicate(a)));
    assert_eq!(tree.insert(id(0), a, 7), Err(InsertError::Duplicate(id(0))));
    let orphan = InsertError::Orphan {
        id: id(2),
        parent: id(9),
    };
    assert_eq!(tree.insert(id(2), id(9), 7), Err(orphan));
    assert_eq!(
        tree.insert(id(2), id(2), 7),
        Err(InsertError::Orphan {
            id: id(2),
            parent: id(2)
        })
    );
    assert_eq!((tree.len(), tree.best()), (2, a));
}

#[test]
fn the_root_is_beyond_doubt() {
    let mut tree = rooted();
    add(&mut tree, 1, id(0), 2);
    assert_eq!(tree.invalidate(id(0)), vec![]);
    assert_eq!(tree.arrive(id(0)), vec![]);
    assert_eq!(tree.best(), id(1));
}

#[test]
fn unknown_blocks_have_no_ways() {
    let mut tree = rooted();
    assert_eq!(
        (tree.arrive(id(7)), tree.invalidate(id(7))),
        (vec![], vec![])
    );
    assert_eq!(tree.ancestor(&id(7), Height(0)), None);
    assert_eq!(tree.fork_point(&id(7), &id(0)), None);
    assert_eq!(tree.route(&id(0), &id(7)), None);
    assert_eq!(tree.locator(&id(7)), vec![]);
    assert!(!tree.is_ancestor(&id(7), &id(0)) && !tree.is_ancestor(&id(0), &id(7)));
    assert!(!tree.is_ancestor(&id(7), &id(7)));
}

#[test]
fn a_tree_may_stand_on_a_snapshot() {
    let mut tree = Tree::new(id(0), Height(700), 1_000u64);
    let mut tip = id(0);
    for n in 1..40 {
        tip = add(&mut tree, n, tip, 1_000 + u64::from(n));
    }
    assert_eq!(tree.get(&tip).unwrap().height, Height(739));
    assert_eq!(tree.ancestor(&tip, Height(699)), None);
    assert_eq!(tree.ancestor(&tip, Height(700)), Some(id(0)));
    assert_eq!(tree.ancestor(&tip, Height(718)), Some(id(18)));
    assert_eq!(tree.locator(&tip).last(), Some(&id(0)));
}

#[test]
fn heights_do_not_wrap() {
    let mut tree = Tree::new(id(0), Height(u32::MAX), 1u64);
    let refused = InsertError::TooHigh {
        id: id(1),
        parent: id(0),
    };
    assert_eq!(tree.insert(id(1), id(0), 2), Err(refused));
    assert_eq!(tree.len(), 1);
}

#[test]
fn locators_are_dense_then_exponential_and_end_at_the_root() {
    let mut tree = rooted();
    let mut tip = id(0);
    for n in 1..=5_000u16 {
        tip = add(&mut tree, n, tip, u64::from(n) + 1);
    }
    let heights: Vec<u32> = tree
        .locator(&tip)
        .iter()
        .map(|id| tree.get(id).unwrap().height.0)
        .collect();
    assert_eq!(
        heights[..13],
        [
            5000, 4999, 4998, 4997, 4996, 4995, 4994, 4993, 4992, 4991, 4990, 4988, 4984
        ]
    );
    assert_eq!(heights.last(), Some(&0));
    assert!(heights.len() < 25, "{}", heights.len());
    assert!(heights.is_sorted_by(|a, b| a > b));
    assert_eq!(tree.locator(&id(0)), vec![id(0)]);
}

#[test]
fn downloads_go_up_the_best_header_chain() {
    let mut tree = rooted();
    let mut tip = id(0);
    for n in 1..=3_000u16 {
        tree.insert(id(n), tip, u64::from(n) + 1).unwrap();
        tip = id(n);
    }
    tree.insert(id(4_000), id(0), 2).unwrap();
    assert_eq!(tree.missing_bodies(3), vec![id(1), id(2), id(3)]);
    tree.arrive(id(2));
    assert_eq!(tree.missing_bodies(3), vec![id(1), id(3), id(4)]);
    assert_eq!(tree.arrive(id(1)), vec![id(1), id(2)]);
    assert_eq!(tree.missing_bodies(2), vec![id(3), id(4)]);
    assert_eq!(tree.missing_bodies(0), vec![]);
    assert_eq!(tree.missing_bodies(usize::MAX).len(), 2_998);
    tree.invalidate(id(2));
    assert_eq!(
        tree.best_header(),
        id(1),
        "as heavy as the side branch, but seen first"
    );
    assert_eq!(tree.missing_bodies(9), vec![]);
}
