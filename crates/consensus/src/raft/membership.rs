//! Who takes part, and how that changes (paper section 6; dissertation chapter 4). A replica goes by the
//! latest configuration in its log, committed or not. Voters change by joint consensus, or one at a time,
//! when two majorities that follow each other always overlap. Whoever is new is a learner first, so that
//! nobody waits for a log that is only on its way.

use alloc::{vec, vec::Vec};

use chain::{Seat, Time};
use protocol::planted::is_planted;
use protocol::{Body, Config, Cx, Event};
use rpds::RedBlackTreeMapSync as Map;

use super::message::{Configured, Index};
use super::state::{Flow, Progress, Replica, Role};

/// What an operator has ordered.
#[derive(Clone)]
pub(super) struct Change {
    voters: Vec<Seat>,
    learners: Vec<Seat>,
    /// Of learners who are to vote.
    rounds: Map<Seat, Round>,
}

/// What the log held at a moment is brought to a learner. Who gets it in less than the shortest election
/// time-out has caught up: if it votes and the next entry needs it, nobody waits longer than for an
/// election (dissertation section 4.2.1). A learner that is slower goes on to the next round.
#[derive(Clone)]
struct Round {
    until: Index,
    began: Time,
    /// Whether the round before was short enough.
    is_caught_up: bool,
}

impl Replica {
    /// Whether some members are a majority of the voters, and of those who are to leave.
    pub fn is_quorum(&self, has: impl Fn(Seat) -> bool) -> bool {
        let config = self.log.configured().config;
        let is_majority = |seats: &[Seat]| {
            let count = seats.iter().filter(|seat| has(**seat)).count();
            count + usize::from(is_planted("raft/minority-elects")) > seats.len() / 2
        };
        is_majority(&config.voters) && (config.outgoing.is_empty() || is_majority(&config.outgoing))
    }

    /// All others who vote.
    pub fn electors(&self) -> Vec<Seat> {
        let config = self.log.configured().config;
        self.others(&[&config.voters, &config.outgoing])
    }

    /// All others who are sent what a leader writes.
    pub fn audience(&self) -> Vec<Seat> {
        let config = self.log.configured().config;
        self.others(&[&config.voters, &config.outgoing, &config.learners])
    }

    fn others(&self, lists: &[&Vec<Seat>]) -> Vec<Seat> {
        let all: Vec<Seat> = lists.iter().copied().flatten().copied().collect();
        without(&all, &[self.setup.me])
    }

    /// Whether a member votes.
    pub fn is_voter(&self, seat: Seat) -> bool {
        self.log.configured().config.is_voter(seat)
    }

    /// Whether this replica may stand for election: it votes, or it may be the only one that has the
    /// entry which takes its vote (dissertation section 4.2.2).
    pub fn may_stand(&self) -> bool {
        self.is_voter(self.setup.me) || self.log.configured().since > self.commit
    }

    /// What this replica is, for people.
    pub fn membership(&self) -> &'static str {
        let Configured { config, .. } = self.log.configured();
        if self.is_voter(self.setup.me) {
            "voter"
        } else if config.learners.contains(&self.setup.me) {
            "learner"
        } else {
            "outsider"
        }
    }

    /// An operator says who is to vote and who is to listen. What was ordered before is forgotten. If this
    /// replica does not lead, whoever does hears of it, too.
    pub fn reconfigure(&mut self, cx: &mut Cx<'_>, voters: &[Seat], learners: &[Seat]) {
        let all = [voters, learners].concat();
        let is_known = all.iter().all(|seat| self.setup.member(*seat).is_some());
        if let Role::Leader(leader) = &mut self.role
            && !voters.is_empty()
            && is_known
        {
            leader.change = Some(Change {
                voters: sorted(voters.to_vec()),
                learners: without(learners, voters),
                rounds: Map::new_sync(),
            });
            self.advance(cx);
        }
    }

    /// Begins the next step to what was ordered, or out of joint consensus, if one is due.
    pub fn step_on(&mut self, cx: &mut Cx<'_>) {
        if let Some(config) = self.next_config() {
            let numbers = |seats: &[Seat]| seats.iter().map(|seat| seat.0).collect();
            cx.tell(Event::Reconfigures {
                voters: numbers(&config.voters),
                outgoing: numbers(&config.outgoing),
                learners: numbers(&config.learners),
            });
            self.propose(cx, Body::Config(config));
            self.attend();
            self.stream(cx);
        }
    }

    /// The next configuration, if it may be proposed by now: changes come one after the other, and none
    /// before an entry of the leader's own term is committed. Until then a configuration that it has never
    /// heard of may be in force, whose majorities need not overlap with those of the next one.
    fn next_config(&self) -> Option<Config> {
        let Role::Leader(leader) = &self.role else {
            return None;
        };
        let Configured { since, config } = self.log.configured();
        let is_sure = self.log.term_at(self.commit) == Some(self.term()) || self.setup.hasty;
        if since > self.commit || !is_sure || leader.transfer.is_some() {
            return None;
        }
        if !config.outgoing.is_empty() {
            return Some(Config {
                outgoing: vec![],
                ..(*config).clone()
            });
        }
        let change = leader.change.as_ref()?;
        let next = change.after(&config, self.setup.me, self.setup.joint)?;
        (next != *config).then_some(next)
    }

    /// Keeps in view all who are sent what this leader writes, and nobody else.
    pub fn attend(&mut self) {
        let (audience, next) = (self.audience(), self.log.last().index);
        if let Role::Leader(leader) = &mut self.role {
            let known = |seat| leader.followers.get(&seat).cloned();
            let progress = |seat| known(seat).unwrap_or_else(|| Progress::new(next));
            let followers = audience.into_iter().map(|seat| (seat, progress(seat)));
            leader.followers = followers.collect();
        }
    }

    /// A learner that is to vote has told how far its log goes: its round may be over.
    pub fn note_round(&mut self, cx: &Cx<'_>, from: Seat) {
        let last = self.log.last().index;
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let (Some(change), Some(progress)) = (&mut leader.change, leader.followers.get(&from))
        else {
            return;
        };
        let known = change.rounds.get(&from);
        if change.voters.contains(&from)
            && known.is_none_or(|round| progress.matched >= round.until)
        {
            let is_short = |round: &Round| {
                cx.now.saturating_since(round.began) < self.setup.election
                    && progress.flow == Flow::Stream
            };
            let round = Round {
                until: last,
                began: cx.now,
                is_caught_up: known.is_some_and(is_short),
            };
            change.rounds.insert_mut(from, round);
        }
    }

    /// A leader that has no vote any more leads until that is committed (end of paper section 6).
    pub fn retires(&mut self, cx: &mut Cx<'_>) -> bool {
        let is_over = matches!(self.role, Role::Leader(_))
            && !self.is_voter(self.setup.me)
            && self.log.configured().since <= self.commit;
        if is_over {
            self.follow(cx, self.term(), None);
        }
        is_over
    }
}

impl Change {
    /// The configuration after another one, which is not joint; `None` while somebody catches up. Voters
    /// come before others go, and whoever leads goes last.
    fn after(&self, now: &Config, me: Seat, joint: bool) -> Option<Config> {
        let newcomers = without(&self.voters, &now.voters);
        let leavers = without(&now.voters, &self.voters);
        if newcomers.is_empty() && leavers.is_empty() {
            return Some(Config {
                learners: self.learners.clone(),
                ..now.clone()
            });
        }
        let wanted = without(&[&self.learners[..], &newcomers].concat(), &now.voters);
        let learners = sorted([&now.learners[..], &wanted].concat());
        if learners != now.learners {
            return Some(Config {
                learners,
                ..now.clone()
            });
        }
        let caught_up = |seat: &Seat| self.rounds.get(seat).is_some_and(|it| it.is_caught_up);
        if joint {
            return newcomers.iter().all(caught_up).then(|| Config {
                voters: self.voters.clone(),
                outgoing: now.voters.clone(),
                learners: self.learners.clone(),
            });
        }
        if !newcomers.is_empty() {
            let seat = newcomers.into_iter().find(caught_up)?;
            return Some(Config {
                voters: sorted([&now.voters[..], &[seat]].concat()),
                outgoing: vec![],
                learners: without(&learners, &[seat]),
            });
        }
        let others = without(&leavers, &[me]);
        let seat = *others.first().or(leavers.first())?;
        let stays = self.learners.contains(&seat).then_some(seat);
        Some(Config {
            voters: without(&now.voters, &[seat]),
            outgoing: vec![],
            learners: sorted(learners.into_iter().chain(stays).collect()),
        })
    }
}

fn sorted(mut seats: Vec<Seat>) -> Vec<Seat> {
    seats.sort_unstable();
    seats.dedup();
    seats
}

fn without(seats: &[Seat], others: &[Seat]) -> Vec<Seat> {
    let rest = seats.iter().filter(|seat| !others.contains(seat));
    sorted(rest.copied().collect())
}
