//! What each strategy says at which lead.

use alloc::vec::Vec;

use chain::{BlockId, BlockTime, Height, PeerId, Stream, Time};
use proptest::prelude::{Just, prop, prop_assert_eq, prop_oneof, proptest};
use protocol::{ChainView, Cx, ForkView, Wish};

use Who::{They, We};

use super::{DoubleSpend, Selfish, Strategy, Tip};

/// Strategies read nothing of the chain: they are told.
struct Nothing;

impl ChainView for Nothing {
    fn tip(&self) -> (BlockId, Height) {
        unreachable!("strategies are told")
    }

    fn forks(&self) -> Option<&dyn ForkView> {
        None
    }
}

/// A race: a strategy, and both branches as somebody would see them who is told everything.
struct Game<S> {
    strategy: S,
    mine: Tip,
    theirs: Tip,
    /// What peers were last told is the best block.
    posed: Option<Tip>,
    all: Vec<Tip>,
}

/// Who finds a block.
#[derive(Clone, Copy, Debug)]
enum Who {
    We,
    They,
}

impl<S: Strategy> Game<S> {
    fn new(strategy: S) -> Self {
        let root = Tip {
            block: BlockId::from_bytes([0xff; 32]),
            height: Height(10),
        };
        let mut game = Self {
            strategy,
            mine: root,
            theirs: root,
            posed: None,
            all: Vec::from([root]),
        };
        game.call(|strategy, cx| strategy.begin(cx, root));
        game
    }

    fn call(&mut self, call: impl FnOnce(&mut S, &mut Cx<'_>)) {
        let mut wishes = Vec::new();
        call(
            &mut self.strategy,
            &mut Cx {
                now: Time::ZERO,
                clock: BlockTime(0),
                me: PeerId::from_bytes([1; 32]),
                peers: &[],
                searches: true,
                rng: &mut Stream::new(1, 1, "test"),
                chain: &Nothing,
                wishes: &mut wishes,
            },
        );
        for wish in wishes {
            let Wish::Pose(tip) = wish else {
                panic!("{wish:?}")
            };
            let known = |id: BlockId| self.all.iter().find(|tip| tip.block == id).copied();
            self.posed = tip.map(|id| known(id).expect("a block that there is"));
        }
    }

    /// Blocks are found on the branch of whoever finds them. Others move to ours if it is longer than
    /// theirs, as far as they know it; we to theirs if the strategy does.
    fn play(&mut self, finds: &[Who]) {
        for who in finds {
            let block = BlockId::from_bytes([u8::try_from(self.all.len()).expect("few"); 32]);
            let branch = match who {
                We => &mut self.mine,
                They => &mut self.theirs,
            };
            let height = branch.height.next();
            *branch = Tip { block, height };
            let tip = *branch;
            self.all.push(tip);
            self.call(|strategy, cx| strategy.on_block(cx, tip, matches!(who, We)));
            if let Some(posed) = self.posed.filter(|tip| tip.height > self.theirs.height) {
                self.theirs = posed;
            }
            if self.strategy.head() == Some(self.theirs.block) {
                self.mine = self.theirs;
            }
        }
    }

    /// The height that peers are told of, our height, theirs.
    fn heights(&self) -> (Option<u32>, u32, u32) {
        let posed = self.posed.map(|tip| tip.height.0 - 10);
        (posed, self.mine.height.0 - 10, self.theirs.height.0 - 10)
    }
}

fn selfish(finds: &[Who]) -> Game<Selfish> {
    let mut game = Game::new(Selfish::default());
    game.play(finds);
    game
}

#[test]
fn a_selfish_pool_adopts_what_others_find_while_it_has_nothing() {
    let game = selfish(&[They, They]);
    assert_eq!(game.heights(), (Some(2), 2, 2));
    assert_eq!(game.strategy.head(), Some(game.theirs.block));
}

#[test]
fn it_says_nothing_of_what_it_finds() {
    let game = selfish(&[We, We, We]);
    assert_eq!(game.heights(), (Some(0), 3, 0));
    assert_eq!(game.strategy.withheld(), 3);
}

#[test]
fn a_lead_of_one_becomes_a_tie() {
    let game = selfish(&[We, They]);
    assert_eq!(game.heights(), (Some(1), 1, 1));
    assert_eq!(game.posed, Some(game.mine));
    assert_ne!(game.mine, game.theirs);
}

#[test]
fn a_tie_is_won_by_the_next_block_and_said_at_once_or_lost() {
    let won = selfish(&[We, They, We]);
    assert_eq!(won.heights(), (Some(2), 2, 2));
    assert_eq!(won.theirs, won.mine);
    let lost = selfish(&[We, They, They]);
    assert_eq!(lost.heights(), (Some(2), 2, 2));
    assert_eq!(lost.mine, lost.theirs);
    let next = selfish(&[We, They, We, We]);
    assert_eq!(next.strategy.withheld(), 1, "a new branch begins");
}

#[test]
fn a_lead_of_two_wins_all_when_others_find_one() {
    let game = selfish(&[We, We, They]);
    assert_eq!(game.heights(), (Some(2), 2, 2));
    assert_eq!(game.theirs, game.mine);
    assert_eq!(game.strategy.withheld(), 0);
}

#[test]
fn a_longer_lead_is_spent_a_block_at_a_time_down_to_two() {
    let game = selfish(&[We, We, We, We, They]);
    assert_eq!(game.heights(), (Some(1), 4, 1));
    let game = selfish(&[We, We, We, We, They, They]);
    assert_eq!(game.heights(), (Some(2), 4, 2));
    let game = selfish(&[We, We, We, We, They, They, They]);
    assert_eq!(game.heights(), (Some(4), 4, 4));
    assert_eq!(game.theirs, game.mine);
}

#[test]
fn a_rival_that_makes_nothing_longer_changes_nothing() {
    let mut game = selfish(&[They, They, We]);
    let before = (game.posed, game.strategy.withheld());
    let stale = Tip {
        block: BlockId::from_bytes([0xee; 32]),
        height: Height(12),
    };
    game.call(|strategy, cx| strategy.on_block(cx, stale, false));
    assert_eq!((game.posed, game.strategy.withheld()), before);
}

fn double_spend(confirmations: u32, finds: &[Who]) -> Game<DoubleSpend> {
    let mut game = Game::new(DoubleSpend::after(confirmations));
    game.play(finds);
    game
}

#[test]
fn a_branch_is_published_after_the_confirmations_and_only_if_it_is_longer() {
    let early = double_spend(2, &[We, We, They]);
    assert_eq!(early.heights(), (Some(1), 2, 1), "confirmed once");
    let tie = double_spend(2, &[We, We, They, They]);
    assert_eq!(tie.heights(), (Some(2), 2, 2), "others stay with theirs");
    assert_eq!(tie.posed, Some(tie.theirs));
    assert_eq!(tie.strategy.head(), Some(tie.mine.block));
    for won in [
        double_spend(2, &[We, We, They, They, We]),
        double_spend(2, &[We, We, We, They, They]),
    ] {
        assert_eq!(won.posed, None, "it says the truth");
        assert_eq!(won.strategy.head(), None, "and mines as all do");
    }
}

#[test]
fn a_race_is_given_up_fifty_blocks_behind() {
    let mut game = double_spend(6, &[They; 49]);
    assert_eq!(game.strategy.head(), Some(game.mine.block));
    game.play(&[They]);
    assert_eq!((game.strategy.head(), game.posed), (None, None));
}

fn finds() -> impl proptest::strategy::Strategy<Value = Vec<Who>> {
    prop::collection::vec(prop_oneof![Just(We), Just(They)], 0..120)
}

proptest! {
    /// Algorithm 1 on two lists of blocks, as the paper writes it: `private`, and `public`, which others
    /// mine on whatever happens in a tie.
    #[test]
    fn a_selfish_pool_does_what_algorithm_1_says(finds in finds()) {
        let mut game = Game::new(Selfish::default());
        let (mut private, mut public) = (Vec::<usize>::new(), Vec::<usize>::new());
        let (mut branch, mut published) = (0, 0);
        for (block, who) in finds.into_iter().enumerate() {
            let lead = private.len() - public.len();
            match who {
                We => {
                    private.push(block);
                    branch += 1;
                    if lead == 0 && branch == 2 {
                        (published, branch) = (private.len(), 0);
                        public.clone_from(&private);
                    }
                }
                They => {
                    public.push(block);
                    match lead {
                        0 => {
                            private.clone_from(&public);
                            (branch, published) = (0, private.len());
                        }
                        1 => published = private.len(),
                        2 => {
                            (published, branch) = (private.len(), 0);
                            public.clone_from(&private);
                        }
                        _ => published += 1,
                    }
                }
            }
            game.play(&[who]);
            let heights = (published, private.len(), public.len());
            let (posed, mine, theirs) = game.heights();
            let seen = [posed.expect("it poses"), mine, theirs].map(|height| height as usize);
            prop_assert_eq!((seen[0], seen[1], seen[2]), heights);
            let withheld = private.len() - published;
            prop_assert_eq!(game.strategy.withheld(), withheld as u64);
        }
    }

    /// Whatever others find, a double spender shows nothing of its branch before the race is over.
    #[test]
    fn a_double_spender_shows_none_of_its_blocks_during_the_race(finds in finds()) {
        let mut game = Game::new(DoubleSpend::after(3));
        for who in finds {
            game.play(&[who]);
            let over = game.strategy.head().is_none();
            prop_assert_eq!(over, game.posed.is_none());
            if over {
                break;
            }
            prop_assert_eq!(game.posed, Some(game.theirs));
        }
    }
}
