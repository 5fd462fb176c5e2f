//! Shows a program of its own in the page's main element: fetched when its route opens, told of the
//! language and the address, taken away when the route is left. The engine goes on meanwhile.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Promise;
use kit::address;
use kit::lang::Lang;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Element;
use yew::prelude::*;

use super::door::Ui;
use super::notices::old_page;
use super::words::Fetching;

#[wasm_bindgen]
extern "C" {
    /// Promises the program whose loader has this address, or null if that is not of this page's
    /// build. Defined by the start script in `index.html` (see `Trunk.toml`), for only a module can
    /// import.
    #[wasm_bindgen(js_name = tabchainProgram, catch)]
    fn import(loader: &str) -> Result<Promise, JsValue>;

    /// A program that runs.
    #[derive(Clone, PartialEq)]
    type Running;
    /// Draws in this element, or goes on there with another language or address.
    #[wasm_bindgen(method, catch)]
    fn show(this: &Running, place: &Element, language: &str, address: &str) -> Result<(), JsValue>;
    /// Takes away what it drew.
    #[wasm_bindgen(method, catch)]
    fn hide(this: &Running) -> Result<(), JsValue>;
}

thread_local! {
    /// How often a program could not be used. It is part of the next address, because browsers keep
    /// a module that failed.
    static FAILURES: Cell<u32> = const { Cell::new(0) };
    /// The program that draws at present.
    static SHOWN: Cell<Option<Running>> = const { Cell::new(None) };
    /// Whether a program was shown before.
    static VISITED: Cell<bool> = const { Cell::new(false) };
}

/// The program that has the room of an address.
fn program_of(address: &str) -> &'static str {
    match address::parts(address).0 {
        "/try/keys" | "/try/tamper" => "try-keys",
        _ => "try-page",
    }
}

/// How far a program has come.
#[derive(Clone, PartialEq)]
enum Stage {
    Awaited,
    /// The program of this name.
    Here(&'static str, Running),
    Failed,
    /// The server's files are of another build than this page.
    OtherBuild,
}

/// A program while its route is open.
pub struct Visit {
    name: &'static str,
    stage: UseStateHandle<Stage>,
    again: UseStateHandle<u32>,
    place: NodeRef,
}

/// Fetches the program of an address, lets it draw, and takes it away with the address. A hook and not a
/// component, which would weigh 3 KB more.
#[hook]
pub fn use_program(lang: Lang, address: Option<AttrValue>) -> Option<Visit> {
    let name = address.as_deref().map(program_of);
    let place = use_node_ref();
    let again = use_state(|| 0u32);
    let stage = use_state(|| Stage::Awaited);
    {
        let stage = stage.clone();
        use_effect_with((name, *again), move |(name, _)| {
            let left = Rc::new(Cell::new(false));
            let is_here = |name| matches!(&*stage, Stage::Here(of, _) if *of == name);
            if let Some(name) = name.filter(|name| !is_here(*name)) {
                stage.set(Stage::Awaited);
                spawn_local(come(name, stage, left.clone()));
            }
            move || {
                left.set(true);
                if let Some(running) = SHOWN.take() {
                    // If it has crashed, there is nothing to take away but the element itself.
                    let _ = running.hide();
                }
            }
        });
    }
    {
        let (stage, place) = (stage.clone(), place.clone());
        let wanted = ((*stage).clone(), lang, address);
        use_effect_with(wanted, move |(here, lang, address)| {
            if let (Stage::Here(name, running), Some(address)) = (here, address)
                && *name == program_of(address)
                && let Some(place) = place.cast::<Element>()
            {
                SHOWN.set(Some(running.clone()));
                if running.show(&place, lang.tag(), address).is_err() {
                    fail(&stage);
                }
            }
        });
    }
    name.map(|name| Visit {
        name,
        stage,
        again,
        place,
    })
}

/// Fetches a program and says what came, unless its route was left meanwhile.
async fn come(name: &'static str, stage: UseStateHandle<Stage>, left: Rc<Cell<bool>>) {
    let came = fetch(name).await;
    if left.get() {
        return;
    }
    match came {
        Ok(next) => {
            let is_here = matches!(next, Stage::Here(..));
            stage.set(next);
            if is_here && VISITED.replace(true) {
                keep_focus();
            }
        }
        Err(_) => fail(&stage),
    }
}

/// The main element in which the program draws.
pub fn program(ui: &Ui, visit: &Visit) -> Html {
    let t: &Fetching = ui.words();
    let again = visit.again.clone();
    let retry = Callback::from(move |_: MouseEvent| again.set(*again + 1));
    let instead = match &*visit.stage {
        Stage::Here(..) => Html::default(),
        Stage::Awaited => html! {
            <p class="muted fetching" role="status">{ t.loading }<progress aria-label={t.loading}></progress></p>
        },
        Stage::Failed => html! { <>
            <p class="problem" role="alert">{ t.failed }</p>
            <p><button type="button" data-testid="try-again" onclick={retry}>{ t.again }</button></p>
        </> },
        Stage::OtherBuild => old_page(ui),
    };
    let is_busy = *visit.stage == Stage::Awaited;
    html! {
        <main key={visit.name} id="main" class="program" tabindex="-1" data-testid="program" aria-busy={is_busy.then_some("true")}>
            <div ref={visit.place.clone()}></div>
            <div class="prose">{ instead }</div>
        </main>
    }
}

/// The link from one program to another went with the first one, and the focus with it.
fn keep_focus() {
    let focused = crate::window()
        .document()
        .and_then(|document| document.active_element());
    if focused.is_none_or(|element| element.tag_name() == "BODY") {
        kit::focus("main");
    }
}

fn fail(stage: &UseStateHandle<Stage>) {
    FAILURES.set(FAILURES.get().wrapping_add(1));
    stage.set(Stage::Failed);
}

/// Fetches and starts the program, or finds it running.
async fn fetch(name: &'static str) -> Result<Stage, JsValue> {
    let build = browser::files::build();
    let failures = FAILURES.get();
    let loader = format!("./{name}_loader.js?b={build}&n={failures}");
    let running = JsFuture::from(import(&loader)?).await?;
    Ok(if running.is_null() {
        Stage::OtherBuild
    } else {
        Stage::Here(name, running.unchecked_into())
    })
}
