//! What the ring promises, judged from outside.

use chain::decode_exact;
use protocol::{Claim, Deed, Kin, Seen};
use rpds::RedBlackTreeMapSync as Map;

use super::message::{Message, Token};

/// The most passes that are remembered.
const REMEMBERED: usize = 4_096;

/// There is one token: what is said of a pass is always the same, and so is who says it.
#[derive(Clone, Default)]
pub struct OneToken {
    passes: Map<u64, (u32, Token)>,
}

impl Claim for OneToken {
    fn name(&self) -> &'static str {
        "ring/one-token"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for deed in seen.deeds() {
            let Deed::Said { bytes, .. } = deed else {
                continue;
            };
            let Ok(Message::Token(token)) = decode_exact(bytes) else {
                continue;
            };
            let (pass, said) = (token.pass, (seen.seat, token));
            match self.passes.get(&pass) {
                Some(known) if *known != said => {
                    let (by, seat) = (known.0, seen.seat);
                    return Err(format!("nodes {by} and {seat} differ about pass {pass}"));
                }
                Some(_) => {}
                None => self.passes.insert_mut(pass, said),
            }
            if self.passes.size() > REMEMBERED
                && let Some(first) = self.passes.first().map(|(pass, _)| *pass)
            {
                self.passes.remove_mut(&first);
            }
        }
        Ok(())
    }

    fn fork(&self, _kin: &mut Kin) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}
