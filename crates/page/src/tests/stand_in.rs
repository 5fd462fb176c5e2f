//! A worker that sends the page what a test wants, encoded as the engine would.

use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, BlobPropertyBag, Url};
use wire::{Answer, Frame, FromEngine};

/// What the worker does.
pub struct Behaviour {
    /// The messages to send: the first in reply to the page's first message, then one for each
    /// acknowledgement.
    messages: Vec<FromEngine>,
    /// Whether the first engine throws instead.
    dies_once: bool,
}

impl Behaviour {
    /// Sends frames, each after the previous one is acknowledged.
    pub fn frames(frames: &[Frame]) -> Self {
        let frame = |frame: &Frame| FromEngine::Frame(Box::new(frame.clone()));
        Self {
            messages: frames.iter().map(frame).collect(),
            dies_once: false,
        }
    }

    /// The first engine throws; the second sends a frame.
    pub fn dies_once(frame: &Frame) -> Self {
        Self {
            dies_once: true,
            ..Self::frames(std::slice::from_ref(frame))
        }
    }

    /// The program of the engine with this number.
    fn program(&self, engine: u32) -> String {
        if self.dies_once && engine == 0 {
            return "throw new Error('this engine was meant to die');".to_owned();
        }
        let list = |message: &FromEngine| {
            format!(
                "{:?}",
                postcard::to_allocvec(message).expect("a vector takes all")
            )
        };
        let rest: Vec<String> = self.messages.iter().map(list).collect();
        let (ready, rest) = (
            list(&FromEngine::Ready {
                build: String::new(),
            }),
            rest.join(","),
        );
        // No ask has this number; the answer only shows that the engine is alive.
        let alive = list(&FromEngine::Answer {
            id: u32::MAX,
            result: Ok(Answer::Done(())),
        });
        // The first byte of a message to the engine is its variant: 0 is Start, 1 is Ack.
        format!(
            "const say = (bytes) => bytes && postMessage(new Uint8Array(bytes));\
             const rest = [{rest}];\
             onmessage = ({{ data }}) => {{ say(data[0] < 2 ? rest.shift() : {alive}); }};\
             say({ready});"
        )
    }
}

/// The stand-in for the engine; it works until it is dropped.
pub struct StandIn {
    _address: Closure<dyn FnMut(String) -> String>,
}

impl StandIn {
    /// Takes the place of `www/boot.js`.
    pub fn install(behaviour: &Behaviour) -> Self {
        let programs = [behaviour.program(0), behaviour.program(1)];
        let mut started = 0;
        let address = Closure::<dyn FnMut(String) -> String>::new(move |name: String| {
            if name != "engine" {
                return "https://example.org/".to_owned();
            }
            let program = programs[usize::from(started > 0)].as_str();
            started += 1;
            let options = BlobPropertyBag::new();
            options.set_type("text/javascript");
            let parts = Array::of1(&JsValue::from_str(program));
            let blob = Blob::new_with_str_sequence_and_options(&parts, &options).expect("a text");
            Url::create_object_url_with_blob(&blob).expect("an address")
        });
        let window = crate::window();
        Reflect::set(&window, &"tabchainWorkerUrl".into(), address.as_ref()).expect("set");
        // The same build as the stand-in's `Ready` names.
        Reflect::set(&window, &"tabchainBuild".into(), &"".into()).expect("set");
        Self { _address: address }
    }
}
