//! Web Locks: the browser lets a lock go when the tab that holds it is gone, however it went.
//!
//! web-sys has them behind an unstable flag only; these few lines do without it.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// `navigator.locks`.
    #[derive(Clone)]
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &Object,
        granted: &JsValue,
    ) -> Result<FailingPromise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn query(this: &LockManager) -> Result<Promise, JsValue>;

    /// A promise whose failure goes to a plain function.
    type FailingPromise;

    #[wasm_bindgen(method, js_name = catch)]
    fn on_failure(this: &FailingPromise, f: &Function) -> JsValue;
}

/// The browser's locks.
#[derive(Clone)]
pub struct Locks(LockManager);

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub struct Held(Function);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.call0(&JsValue::UNDEFINED); // resolving a promise does not fail
    }
}

impl Locks {
    /// The locks. The page does not start where there are none.
    ///
    /// # Errors
    /// What the browser says in their place.
    pub fn find() -> Result<Self, JsValue> {
        let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
        Reflect::get(&navigator, &"locks".into())?
            .dyn_into()
            .map(Self)
    }

    /// Takes a lock if it is free.
    pub async fn take(&self, name: &str) -> Option<Held> {
        self.ask(name, true).await
    }

    /// Takes a lock when it is free; `None` if the browser refuses.
    pub async fn wait(&self, name: &str) -> Option<Held> {
        self.ask(name, false).await
    }

    async fn ask(&self, name: &str, only_if_free: bool) -> Option<Held> {
        let options = Object::new();
        Reflect::set(&options, &"ifAvailable".into(), &only_if_free.into()).ok()?;
        let answer = Promise::new(&mut |resolve, reject| {
            let granted = granted(resolve);
            match self.0.request(name, &options, &granted) {
                Ok(asked) => drop(asked.on_failure(&reject)),
                Err(error) => drop(reject.call1(&JsValue::UNDEFINED, &error)),
            }
        });
        JsFuture::from(answer).await.ok()?.dyn_into().ok().map(Held)
    }

    /// The names of all locks that are held on this origin.
    pub async fn held(&self) -> Option<Vec<String>> {
        let state = JsFuture::from(self.0.query().ok()?).await.ok()?;
        let held: Array = Reflect::get(&state, &"held".into()).ok()?.dyn_into().ok()?;
        let name = |lock: JsValue| Reflect::get(&lock, &"name".into()).ok()?.as_string();
        Some(held.iter().filter_map(name).collect())
    }
}

/// What the browser calls with a lock, or with null: answers with the function that releases it.
fn granted(answer: Function) -> JsValue {
    Closure::once_into_js(move |lock: JsValue| -> JsValue {
        if lock.is_null() {
            let _ = answer.call1(&JsValue::UNDEFINED, &JsValue::NULL);
            return JsValue::UNDEFINED;
        }
        let mut release = None;
        let held = Promise::new(&mut |resolve, _| release = Some(resolve));
        let release = release.expect("a promise calls its executor at once");
        let _ = answer.call1(&JsValue::UNDEFINED, &release);
        held.into()
    })
}
