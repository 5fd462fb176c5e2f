//! `tabchain protocols`: what can be run, from the registries.

use adversary::TWISTS;
use consensus::PROTOCOLS;
use ledger::LEDGERS;
use protocol::{Entry, ParamSpec, Shape, Twist};
use serde_json::json;

use crate::out::{Failure, Out};

/// Lists all protocols and ledgers with their parameters.
pub fn list(out: &mut Out) -> Result<bool, Failure> {
    for Entry {
        card,
        shape,
        params,
        twists,
        ..
    } in PROTOCOLS
    {
        let decides = match shape {
            Shape::Forks => "blocks on branches",
            Shape::Slots => "numbered slots",
        };
        let mut text = vec![
            format!("{}: {} ({decides})", card.id, card.name),
            format!("  {}", card.paper),
            format!("  tolerates: {}", card.tolerance),
        ];
        text.extend(params.iter().map(param_text));
        let twist_text = |twist: &Twist| format!("  twist {}: {}", twist.id, twist.what);
        text.extend(twists.iter().map(twist_text));
        let twist_json = |twist: &Twist| json!({ "name": twist.id, "what": twist.what });
        let value = json!({
            "protocol": card.id, "name": card.name, "paper": card.paper,
            "tolerance": card.tolerance, "decides": decides, "roles": card.roles,
            "params": params.iter().map(param_json).collect::<Vec<_>>(),
            "twists": twists.iter().map(twist_json).collect::<Vec<_>>(),
        });
        out.line(text.join("\n"), value)?;
    }
    for twist in TWISTS {
        let (name, what) = (twist.id, twist.what);
        let text = format!("twist {name} of any protocol: {what}");
        out.line(text, json!({ "twist": name, "what": what }))?;
    }
    for ledger in LEDGERS {
        let mut text = vec![format!("{}: {} (ledger)", ledger.id, ledger.name)];
        text.extend(ledger.params.iter().map(param_text));
        let value = json!({
            "ledger": ledger.id, "name": ledger.name,
            "params": ledger.params.iter().map(param_json).collect::<Vec<_>>(),
        });
        out.line(text.join("\n"), value)?;
    }
    out.finish()?;
    Ok(true)
}

fn param_text(param: &ParamSpec) -> String {
    let ParamSpec {
        name,
        unit,
        min,
        max,
        default,
    } = param;
    let unit = if unit.is_empty() {
        String::new()
    } else {
        format!(" {unit}")
    };
    format!("  {name}: {min} to {max}{unit}, by default {default}")
}

fn param_json(param: &ParamSpec) -> serde_json::Value {
    json!({
        "name": param.name, "unit": param.unit,
        "min": param.min, "max": param.max, "default": param.default,
    })
}
