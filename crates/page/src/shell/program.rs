//! Shows a program of its own in the page's main element: fetched when its route opens, told of the
//! language and the address, taken away when the route is left. The engine goes on meanwhile.

use std::cell::Cell;

use js_sys::Promise;
use kit::lang::{Lang, Words};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Element;
use yew::prelude::*;

use super::words::Fetching;

#[wasm_bindgen]
extern "C" {
    /// Promises the program whose loader has this address, or null if that is not of this page's
    /// build. Defined by the start script in `index.html` (see `Trunk.toml`), for only a module can
    /// import.
    #[wasm_bindgen(js_name = tabchainProgram, catch)]
    fn program(loader: &str) -> Result<Promise, JsValue>;

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
    /// Whether a program was shown before.
    static SHOWN: Cell<bool> = const { Cell::new(false) };
}

/// The program that has the room of an address.
pub fn program_of(address: &str) -> &'static str {
    let path = address.trim_start_matches('#').split('?').next();
    match path.unwrap_or_default() {
        "/try/keys" | "/try/tamper" => "try-keys",
        _ => "try-page",
    }
}

/// What the program shall show.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The program's name; of its component's key, too.
    pub name: &'static str,
    pub lang: Lang,
    /// The address from its `#` on.
    pub address: AttrValue,
}

/// How far the program has come.
#[derive(Clone, PartialEq)]
enum Stage {
    Awaited,
    Here(Running),
    Failed,
    /// The server's files are of another build than this page.
    OtherBuild,
}

/// The main element in which the program draws.
#[component]
pub fn Program(props: &Props) -> Html {
    let t = Fetching::of(props.lang);
    let place = use_node_ref();
    let (stage, again) = use_program(props.name);
    {
        let (stage, place) = (stage.clone(), place.clone());
        let wanted = ((*stage).clone(), props.lang, props.address.clone());
        use_effect_with(wanted, move |(here, lang, address)| {
            if let (Stage::Here(running), Some(place)) = (here, place.cast::<Element>())
                && running.show(&place, lang.tag(), address).is_err()
            {
                fail(&stage);
            }
        });
    }
    use_effect_with((*stage).clone(), |stage| {
        let stage = stage.clone();
        if matches!(stage, Stage::Here(_)) && SHOWN.replace(true) {
            keep_focus();
        }
        move || {
            if let Stage::Here(running) = stage {
                // If it has crashed, there is nothing to take away but the element itself.
                let _ = running.hide();
            }
        }
    });
    let retry = Callback::from(move |_: MouseEvent| again.set(*again + 1));
    let reload = Callback::from(|_: MouseEvent| {
        let _ = crate::window().location().reload();
    });
    let instead = match &*stage {
        Stage::Here(_) => Html::default(),
        Stage::Awaited => html! {
            <p class="muted fetching" role="status">{ t.loading }<progress aria-label={t.loading}></progress></p>
        },
        Stage::Failed => html! { <>
            <p class="problem" role="alert">{ t.failed }</p>
            <p><button type="button" data-testid="try-again" onclick={retry}>{ t.again }</button></p>
        </> },
        Stage::OtherBuild => html! { <>
            <p class="problem" role="alert">{ t.other_build }</p>
            <p><button type="button" onclick={reload}>{ t.reload }</button></p>
        </> },
    };
    let busy = (*stage == Stage::Awaited).then_some("true");
    html! {
        <main id="main" class="program" tabindex="-1" data-testid="program" aria-busy={busy}>
            <div ref={place}></div>
            if !matches!(*stage, Stage::Here(_)) { <div class="prose">{ instead }</div> }
        </main>
    }
}

/// The program, and a counter whose change fetches it once more.
#[hook]
fn use_program(name: &'static str) -> (UseStateHandle<Stage>, UseStateHandle<u32>) {
    let again = use_state(|| 0u32);
    let stage = use_state(|| Stage::Awaited);
    {
        let stage = stage.clone();
        use_effect_with(*again, move |_| {
            if *stage != Stage::Awaited {
                stage.set(Stage::Awaited);
            }
            let left = std::rc::Rc::new(Cell::new(false));
            let gone = left.clone();
            spawn_local(async move {
                let came = fetch(name).await;
                if !gone.get() {
                    match came {
                        Ok(next) => stage.set(next),
                        Err(_) => fail(&stage),
                    }
                }
            });
            move || left.set(true)
        });
    }
    (stage, again)
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
async fn fetch(name: &str) -> Result<Stage, JsValue> {
    let build = browser::files::build();
    let failures = FAILURES.get();
    let loader = format!("./{name}_loader.js?b={build}&n={failures}");
    let running = JsFuture::from(program(&loader)?).await?;
    Ok(if running.is_null() {
        Stage::OtherBuild
    } else {
        Stage::Here(running.unchecked_into())
    })
}
