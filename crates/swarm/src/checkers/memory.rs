//! What others can make a tab keep is bounded.

use super::{Checker, Scene, Seen};

/// In bytes: packets and what tabs say fill at most an inbox each; log and heartbeats are small.
const MOST: usize = 24 << 20;

/// See the module.
#[derive(Debug, Default)]
pub struct Memory;

impl Checker for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String> {
        if let Seen::Step { life, .. } = seen
            && let Some(view) = scene.views.get(life)
            && view.glance.bytes > MOST
        {
            return Err(format!(
                "{life:?} keeps {} bytes from others",
                view.glance.bytes
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scaffold::{Theatre, taking_part};
    use super::*;
    use tab::{Glance, Input};

    #[test]
    fn a_tab_that_keeps_everything_is_found() {
        let mut theatre = Theatre::<Memory>::new();
        let glance = |bytes| Glance {
            bytes,
            ..taking_part(1)
        };
        assert_eq!(theatre.step(1, Input::Turn, &[], glance(MOST)), Ok(()));
        assert!(theatre.step(1, Input::Turn, &[], glance(MOST + 1)).is_err());
    }
}
