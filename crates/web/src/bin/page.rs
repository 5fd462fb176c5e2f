//! The page: what people see. Holds no truth; draws what the engine worker sends.
#![forbid(unsafe_code)]

use wasm_bindgen::prelude::*;
use yew::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Defined by `www/boot.js`: the one Trusted Types policy of the page.
    #[wasm_bindgen(js_name = tabchainWorkerUrl, catch)]
    fn worker_url(name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = Worker)]
    type ModuleWorker;

    #[wasm_bindgen(constructor, js_class = Worker, catch)]
    fn new(url: &JsValue, options: &web_sys::WorkerOptions) -> Result<ModuleWorker, JsValue>;

    #[wasm_bindgen(method, setter, structural)]
    fn set_onmessage(this: &ModuleWorker, f: &js_sys::Function);
}

#[component]
fn App() -> Html {
    let greeting = use_state(|| String::from("starting"));
    {
        let greeting = greeting.clone();
        use_effect_with((), move |()| {
            let heard = greeting.clone();
            let on_message = Closure::<dyn FnMut(web_sys::MessageEvent)>::new(
                move |event: web_sys::MessageEvent| {
                    heard.set(event.data().as_string().unwrap_or_default());
                },
            );
            let options = web_sys::WorkerOptions::new();
            options.set_type(web_sys::WorkerType::Module);
            match worker_url("engine").and_then(|url| ModuleWorker::new(&url, &options)) {
                Ok(worker) => worker.set_onmessage(on_message.as_ref().unchecked_ref()),
                Err(error) => greeting.set(format!("no engine: {error:?}")),
            }
            on_message.forget(); // lives as long as the page
        });
    }
    html! { <main><h1>{ "Tabchain" }</h1><p id="engine">{ (*greeting).clone() }</p></main> }
}

fn main() {
    yew::Renderer::<App>::new().render();
}
