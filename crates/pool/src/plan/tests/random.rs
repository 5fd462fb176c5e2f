//! Random workers, nodes and people: whatever happens, each nonce gets exactly one owner.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Action {
    Answers(bool),
    Job(u8, bool),
    Share(Option<(u8, u8)>),
    Ready(usize),
    Work(usize),
    Finish(usize),
    Find(usize, u32),
    Die(usize),
    Pass(u16),
    Nonsense(WorkerId, u32, u32),
    Stutter(usize, u32, u8),
}

fn actions() -> impl Strategy<Value = Action> {
    prop_oneof![
        1 => any::<bool>().prop_map(Action::Answers),
        3 => (0..4u8, any::<bool>()).prop_map(|(node, on)| Action::Job(node, on)),
        1 => prop::option::weighted(0.8, (0..6u8, 0..=120u8)).prop_map(Action::Share),
        4 => any::<usize>().prop_map(Action::Ready),
        6 => any::<usize>().prop_map(Action::Work),
        9 => any::<usize>().prop_map(Action::Finish),
        2 => (any::<usize>(), any::<u32>()).prop_map(|(at, low)| Action::Find(at, low)),
        1 => any::<usize>().prop_map(Action::Die),
        3 => (0..7_000u16).prop_map(Action::Pass),
        2 => (0..9u32, 0..9u32, 0..9u32 << 24)
            .prop_map(|(id, job, nonce)| Action::Nonsense(id, job, nonce)),
        1 => (any::<usize>(), 0..9u32, 0..9u8)
            .prop_map(|(at, job, part)| Action::Stutter(at, job, part)),
    ]
}

fn act(model: &mut Model, action: Action) {
    let picked = match action {
        Action::Ready(at)
        | Action::Work(at)
        | Action::Finish(at)
        | Action::Find(at, _)
        | Action::Die(at)
        | Action::Stutter(at, ..) => match model.pick(at) {
            Some(id) => id,
            None => return,
        },
        _ => 0,
    };
    match action {
        Action::Answers(answers) => model.answers = answers,
        Action::Job(node, on) => model.set_job(node.into(), on),
        Action::Share(share) => {
            model.set_share(share.map(|(workers, duty)| Power { workers, duty }));
        }
        Action::Ready(_) => model.ready(picked),
        Action::Work(_) => model.work(picked),
        Action::Finish(_) => model.finish(picked),
        Action::Find(_, low) => {
            if let Some(Search { job, part, .. }) = model.workers[&picked].task {
                model.find(picked, job, u32::from(part) << 24 | low >> 8);
            }
        }
        Action::Die(_) => model.die(picked),
        Action::Pass(ms) => model.pass(ms.into()),
        // Late, from dead workers, for dead jobs: who owns the part decides.
        Action::Nonsense(id, job, nonce) => model.find(id, job, nonce),
        Action::Stutter(_, job, part) => {
            // Said twice, or of a part that was taken away: it must change nothing.
            let task = model.workers[&picked]
                .task
                .map(|task| (task.job, task.part));
            if task != Some((job, part)) {
                model
                    .plan
                    .hear(model.now, picked, FromMiner::Done { job, part });
                assert_eq!(model.plan.take(), []);
            }
        }
    }
}

proptest! {
    #[test]
    fn each_nonce_gets_exactly_one_owner(actions in prop::collection::vec(actions(), 0..150)) {
        let mut model = Model::new();
        for action in actions {
            act(&mut model, action);
        }
        model.drain();
        for known in model.jobs.values() {
            prop_assert_eq!(known.owners.len(), 256);
            prop_assert!(known.spent);
        }
        prop_assert_eq!(model.restarts, model.plan.restarts());
        model.set_share(None);
        prop_assert!(model.workers.is_empty());
    }
}
