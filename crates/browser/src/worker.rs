//! Starts another worker, exchanges messages with it, and terminates it.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker as JsWorker, WorkerOptions, WorkerType};

use crate::{bytes_of, message_of};

#[wasm_bindgen]
extern "C" {
    /// web-sys takes only a string as a worker's URL, not a `TrustedScriptURL`.
    #[wasm_bindgen(js_name = Worker, extends = JsWorker)]
    type ModuleWorker;

    #[wasm_bindgen(constructor, js_class = Worker, catch)]
    fn new(url: &JsValue, options: &WorkerOptions) -> Result<ModuleWorker, JsValue>;
}

/// A running worker; dropping it terminates it, and no callback is called any more.
pub struct Worker {
    worker: JsWorker,
    _heard: Closure<dyn Fn(MessageEvent)>,
    _failed: Closure<dyn Fn(ErrorEvent)>,
}

impl Worker {
    /// Starts a module worker from a string or a `TrustedScriptURL`. `heard` gets its messages; one
    /// that is not bytes arrives empty. `failed` gets the browser's description of an uncaught
    /// error in the worker, or of a program that could not be loaded.
    ///
    /// # Errors
    /// What the browser throws if it refuses.
    pub fn start(
        url: &JsValue,
        heard: impl Fn(Vec<u8>) + 'static,
        failed: impl Fn(String) + 'static,
    ) -> Result<Self, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker: JsWorker = ModuleWorker::new(url, &options)?.into();
        let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            heard(bytes_of(event.data(), usize::MAX).unwrap_or_default());
        });
        let failed = Closure::<dyn Fn(ErrorEvent)>::new(move |event: ErrorEvent| {
            event.prevent_default(); // or it would be reported as an error of this thread too
            failed(describe(&event));
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        Ok(Self {
            worker,
            _heard: heard,
            _failed: failed,
        })
    }

    /// Sends bytes to the worker.
    pub fn post(&self, bytes: &[u8]) {
        let (message, transfer) = message_of(bytes);
        // Fails only for values that cannot be cloned.
        let _ = self.worker.post_message_with_transfer(&message, &transfer);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// Describes a worker's error event. If the script could not be loaded, the event is a plain one
/// without a message.
fn describe(event: &ErrorEvent) -> String {
    let plain: &JsValue = event.as_ref();
    let text = words(plain);
    if text.is_empty() || !plain.has_type::<ErrorEvent>() {
        return "the worker's program could not be loaded".to_owned();
    }
    format!("{text} ({}:{})", event.filename(), event.lineno())
}

/// The message of a JavaScript error.
#[must_use]
pub fn words(error: &JsValue) -> String {
    let message = || Reflect::get(error, &"message".into()).ok()?.as_string();
    error
        .as_string()
        .or_else(message)
        .unwrap_or_else(|| format!("{error:?}"))
}
