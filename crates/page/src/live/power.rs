//! How much of the machine mining may use: three presets, and exact settings under a disclosure.

use kit::form;
use wire::Power;
use wire::ask::SetPower;
use yew::prelude::*;

use super::mine::words::Mine;
use crate::shell::door::{Ui, use_ui};

/// The named settings on a machine with this many cores. On one core there is no "half", because it
/// would be the same as "gentle".
pub fn presets(cores: u8) -> [(&'static str, Option<Power>); 3] {
    let cores = cores.clamp(1, Power::MOST_WORKERS);
    let half = (cores > 1).then_some(Power {
        workers: (cores / 2).max(1),
        duty: 100,
    });
    [
        ("gentle", Some(Power::GENTLE)),
        ("half", half),
        (
            "full",
            Some(Power {
                workers: cores,
                duty: 100,
            }),
        ),
    ]
}

/// Sets the power and saves it for the next visit.
fn choose(ui: &Ui, power: Power) {
    if power.is_sane() {
        ui.bridge.prefs().keep_power(power);
        ui.ask(SetPower(power));
    }
}

/// The control for `power`, the budget that all tabs share.
pub fn power_control(ui: &Ui, power: Power) -> Html {
    let cores = ui.bridge.cores();
    let t: &Mine = ui.words();
    let names = [t.gentle, t.half, t.full];
    let options = presets(cores).into_iter().zip(names).filter_map(|((key, preset), name)| {
        let preset = preset?;
        let onchange = {
            let ui = ui.clone();
            Callback::from(move |_: Event| choose(&ui, preset))
        };
        Some(html! {
            <label {key}>
                <input type="radio" name="power" data-testid={format!("power-{key}")} checked={power == preset} {onchange} />
                <span>{ name }</span>
            </label>
        })
    });
    let load = (t.load)(
        &ui.n.whole(power.workers),
        &ui.n.whole(cores),
        &power.duty.to_string(),
    );
    html! {
        <div class="power">
            <fieldset class="segmented">
                <legend class="visually-hidden">{ t.power }</legend>
                { for options }
            </fieldset>
            <details class="exact">
                <summary>{ t.exact }<span class="load">{ load }</span></summary>
                <Slider field={Field::Workers} {power} />
                <Slider field={Field::Duty} {power} />
            </details>
        </div>
    }
}

/// The part of the power that a slider sets.
#[derive(Clone, Copy, PartialEq)]
enum Field {
    Workers,
    Duty,
}

#[derive(Properties, PartialEq)]
struct SliderProps {
    field: Field,
    power: Power,
}

/// A slider that stays where it was dragged until the engine's picture has the new power.
#[component]
fn Slider(props: &SliderProps) -> Html {
    let ui = use_ui();
    let (field, power) = (props.field, props.power);
    let t: &Mine = ui.words();
    let (label, key, present, max) = match field {
        Field::Workers => (
            t.workers,
            "workers",
            power.workers,
            ui.bridge.cores().clamp(1, Power::MOST_WORKERS),
        ),
        Field::Duty => (t.duty, "duty", power.duty, 100),
    };
    let dragged = use_state(|| None::<u8>);
    {
        let dragged = dragged.clone();
        use_effect_with(present, move |_| dragged.set(None));
    }
    let read = |event: &Event| form::entered(event).parse::<u8>().ok();
    let oninput = {
        let dragged = dragged.clone();
        Callback::from(move |event: InputEvent| dragged.set(read(&event)))
    };
    let onchange = {
        let ui = ui.clone();
        Callback::from(move |event: Event| {
            let Some(value) = read(&event) else { return };
            choose(
                &ui,
                match field {
                    Field::Workers => Power {
                        workers: value,
                        ..power
                    },
                    Field::Duty => Power {
                        duty: value,
                        ..power
                    },
                },
            );
        })
    };
    let value = dragged.unwrap_or(present);
    html! {
        <label class="slider">
            <span>{ label }</span>
            <input type="range" min="1" max={max.to_string()} value={value.to_string()} data-testid={format!("power-{key}")} {oninput} {onchange} />
            <output>{ ui.n.whole(value) }</output>
        </label>
    }
}

#[cfg(test)]
mod tests {
    use super::presets;
    use wire::Power;

    #[test]
    fn settings_fit_the_machine() {
        let [gentle, half, full] = presets(8).map(|(_, power)| power);
        assert_eq!(
            gentle,
            Some(Power {
                workers: 1,
                duty: 50
            })
        );
        assert_eq!(
            half,
            Some(Power {
                workers: 4,
                duty: 100
            })
        );
        assert_eq!(
            full,
            Some(Power {
                workers: 8,
                duty: 100
            })
        );
        assert_eq!(presets(1)[1].1, None);
        assert_eq!(
            presets(0)[2].1,
            Some(Power {
                workers: 1,
                duty: 100
            })
        );
        assert_eq!(
            presets(255)[2].1,
            Some(Power {
                workers: 64,
                duty: 100
            })
        );
    }
}
