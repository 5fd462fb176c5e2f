//! Answers: whatever is submitted is answered at most once; and once trouble has ended for a while,
//! no client that has asked for something waits long for its next answer. How many wait before it
//! is not judged: clients may want more than can be done.

use std::collections::{BTreeMap, BTreeSet};

use chain::Time;
use protocol::{AskId, Claim, Death, Input, Kin, Output, Seen};

use super::SETTLES;

/// The claim.
#[derive(Clone, Default)]
pub struct Answers {
    clients: BTreeMap<u32, Client>,
}

/// One who asks.
#[derive(Clone)]
struct Client {
    /// What was submitted and not answered.
    open: BTreeSet<AskId>,
    /// Since when it waits for its next answer.
    waits: Time,
}

impl Claim for Answers {
    fn name(&self) -> &'static str {
        "answers"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        if let Input::Submit { ask, .. } = seen.input {
            let (open, waits) = (BTreeSet::new(), seen.at);
            let client = self.clients.entry(seen.seat);
            let client = client.or_insert(Client { open, waits });
            if client.open.is_empty() {
                client.waits = seen.at;
            }
            client.open.insert(*ask);
        }
        for output in seen.out {
            let Output::Answer { ask, .. } = output else {
                continue;
            };
            let client = self.clients.get_mut(&seen.seat);
            let Some(client) = client.filter(|client| client.open.contains(ask)) else {
                let (seat, ask) = (seen.seat, ask.0);
                return Err(format!("node {seat} answers ask {ask}, which is not open"));
            };
            client.open.remove(ask);
            client.waits = seen.at;
        }
        Ok(())
    }

    fn after_twisted(&mut self, seen: &Seen<'_>) {
        self.clients.remove(&seen.seat);
    }

    fn died(&mut self, death: &Death<'_>) -> Result<(), String> {
        self.clients.remove(&death.seat); // who dies forgets what it was asked
        Ok(())
    }

    fn at_end(&self, at: Time) -> Result<(), String> {
        let owed =
            |client: &Client| !client.open.is_empty() && client.waits.saturating_add(SETTLES) <= at;
        match self.clients.iter().find(|(_, client)| owed(client)) {
            None => Ok(()),
            Some((seat, client)) => Err(format!(
                "node {seat} has waited for an answer since {} us, with {} open asks",
                client.waits.0,
                client.open.len()
            )),
        }
    }

    fn fork(&self, _kin: &mut Kin) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}
