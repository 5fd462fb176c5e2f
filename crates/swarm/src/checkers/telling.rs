//! Judges nothing: tells what happens, one line for each event, for people who look for a cause.

use tab::door::Query;
use tab::{Effect, Glance, Input};

use super::{Checker, Scene, Seen};

/// Longer descriptions are cut short.
const MOST: usize = 240;

/// See the module.
pub struct Telling(Box<dyn FnMut(String)>);

impl Telling {
    /// Passes each line to `tell`.
    pub fn new(tell: impl FnMut(String) + 'static) -> Self {
        Self(Box::new(tell))
    }
}

impl Checker for Telling {
    fn name(&self) -> &'static str {
        "telling"
    }

    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String> {
        let at = scene.now / 1_000;
        match seen {
            Seen::Step {
                life,
                input,
                effects,
                before,
            } => {
                let after = scene.views.get(life).map(|view| &view.glance);
                let change = after.and_then(|after| change(before, after));
                if **input == Input::Turn && effects.is_empty() && change.is_none() {
                    return Ok(());
                }
                let effects: Vec<String> = effects.iter().map(effect).collect();
                let change = change.unwrap_or_default();
                (self.0)(format!(
                    "{at:>6} {life:?} {} -> {}{change}",
                    cut(&format!("{input:?}")),
                    effects.join(", ")
                ));
            }
            other => (self.0)(format!("{at:>6} {}", cut(&format!("{other:?}")))),
        }
        Ok(())
    }
}

fn effect(effect: &Effect) -> String {
    let text = match effect {
        Effect::Say(channel, bytes) => format!("Say({channel:?}, {} bytes)", bytes.len()),
        Effect::Write { id, changes, .. } => format!("Write({}, {changes:?})", id.0),
        Effect::Read { id, query, .. } => match query {
            Query::Range(store, _) => format!("Read({}, {store:?})", id.0),
            Query::Names(store, names) => format!("Read({}, {store:?} {})", id.0, names.len()),
        },
        other => format!("{other:?}"),
    };
    cut(&text)
}

fn change(before: &Glance, after: &Glance) -> Option<String> {
    let nodes = |glance: &Glance| -> Vec<String> {
        let node = |node: &tab::NodeGlance| {
            let loading = if node.loading { "?" } else { "" };
            let cut = if node.online { "" } else { "!" };
            format!(
                "{}.{}@{}{loading}{cut}",
                node.seat, node.incarnation, node.height
            )
        };
        glance.nodes.iter().map(node).collect()
    };
    let shown = |glance: &Glance| {
        format!(
            "{:?} gen {}/{}/{:?} kept {} online {} share {:?} nodes {}",
            glance.stage,
            glance.generation.stamp,
            glance.generation.current,
            glance.generation.undo,
            glance.kept,
            glance.online,
            glance.share.map(|share| (share.workers, share.duty)),
            nodes(glance).join(" ")
        )
    };
    let (before, after) = (shown(before), shown(after));
    (before != after).then(|| format!("  => {after}"))
}

fn cut(text: &str) -> String {
    text.chars().take(MOST).collect()
}
