//! One engine worker: its address through the page's Trusted Types policy, its messages as bytes.

use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::words;
use wire::{FromEngine, ToEngine};

#[wasm_bindgen]
extern "C" {
    /// Defined by `www/boot.js`, which owns the page's one Trusted Types policy: the only way to a
    /// script's address.
    #[wasm_bindgen(js_name = tabchainWorkerUrl, catch)]
    fn worker_url(name: &str) -> Result<JsValue, JsValue>;

    /// `Worker` as it is: web-sys only lets a string be its address, not a `TrustedScriptURL`.
    #[wasm_bindgen(js_name = Worker, extends = Worker)]
    type ModuleWorker;

    #[wasm_bindgen(constructor, js_class = Worker, catch)]
    fn new(url: &JsValue, options: &WorkerOptions) -> Result<ModuleWorker, JsValue>;
}

/// Where the mining worker's loader is, absolute; the engine starts it.
pub fn miner_url() -> Result<String, JsValue> {
    // A TrustedScriptURL says its address when it is made a string.
    let url = worker_url("miner")?;
    Ok(url.unchecked_into::<Object>().to_string().into())
}

/// A running engine; dropping it terminates it.
pub struct EngineWorker {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl EngineWorker {
    /// Starts one. `heard` gets what it says (or why that could not be read), `failed` the report
    /// if it dies with an error.
    pub fn start(
        heard: impl Fn(Result<FromEngine, String>) + 'static,
        failed: impl Fn(String) + 'static,
    ) -> Result<Self, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker: Worker = ModuleWorker::new(&worker_url("engine")?, &options)?.into();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let bytes = Uint8Array::new(&event.data()).to_vec();
            let message = postcard::from_bytes(&bytes);
            heard(message.map_err(|error| format!("unreadable message of the engine: {error}")));
        });
        let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
            event.prevent_default();
            failed(describe(&event));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self {
            worker,
            _on_message: on_message,
            _on_error: on_error,
        })
    }

    /// Sends a message; its bytes are transferred.
    pub fn send(&self, message: &ToEngine) {
        let bytes = postcard::to_allocvec(message).expect("a vector takes any number of bytes");
        let array = Uint8Array::from(bytes.as_slice());
        // Fails only for what cannot be cloned, which bytes can.
        let _ = self
            .worker
            .post_message_with_transfer(&array, &Array::of1(&array.buffer()));
    }
}

impl Drop for EngineWorker {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// What an error event of a worker says. A script that could not be loaded says nothing at all.
fn describe(event: &ErrorEvent) -> String {
    let plain: &JsValue = event.as_ref();
    let text = words(plain);
    if text.is_empty() || !plain.has_type::<ErrorEvent>() {
        return "the engine's program could not be loaded".to_owned();
    }
    format!("{text} ({}:{})", event.filename(), event.lineno())
}
