//! The crash dialog: says that the engine crashed and what happens next, and shows the report.

use kit::copy::CopyButton;
use kit::modal::Modal;
use yew::prelude::*;

use super::words::Crash;
use crate::bridge::Phase;
use crate::shell::door::Ui;
use crate::shell::model::Crash as Report;

/// The dialog; `phase` is the engine's current phase.
pub fn crash_dialog(ui: &Ui, crash: &Report, phase: &Phase, onclose: Callback<()>) -> Html {
    let t: &Crash = ui.words();
    let fate = match (phase, crash.again) {
        (Phase::Running, _) => t.restarted,
        (_, false) => t.gave_up,
        _ => t.restarting,
    };
    let again = {
        let (ui, onclose) = (ui.clone(), onclose.clone());
        Callback::from(move |_: MouseEvent| {
            ui.bridge.start_again();
            onclose.emit(());
        })
    };
    let report = format!("Tabchain {}\n{}", env!("CARGO_PKG_VERSION"), crash.report);
    html! {
        <Modal lang={ui.lang} title={t.title} testid="crash-dialog" onclose={onclose.clone()}>
            <p role="status">{ fate }</p>
            <h3>{ t.report }</h3>
            <pre class="report" tabindex="0">{ report.clone() }</pre>
            <div class="buttons">
                <CopyButton lang={ui.lang} text={report} what={t.report} label={t.copy} />
                if !crash.again && *phase != Phase::Running {
                    <button type="button" class="primary" onclick={again}>{ t.again }</button>
                }
            </div>
        </Modal>
    }
}
