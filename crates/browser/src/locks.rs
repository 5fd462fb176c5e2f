//! Web Locks: the browser releases a lock when the page that holds it is gone, for whatever reason.
//!
//! web-sys has them only behind an unstable flag; these few externs avoid it.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortController;

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
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn query(this: &LockManager) -> Result<Promise, JsValue>;
}

/// The browser's locks.
#[derive(Clone)]
pub struct Locks(LockManager);

/// The outcome of a request.
#[derive(Debug)]
pub enum Answer {
    /// The lock is held until this value is dropped.
    Granted(Held),
    /// Somebody else holds the lock, and the request was not to wait.
    Taken,
    /// The browser refuses locks here.
    Refused,
}

/// The callbacks of a request; each is taken when it is called, or when it is no longer wanted.
struct Asked {
    answer: Option<Box<dyn FnOnce(Answer)>>,
    stolen: Option<Box<dyn FnOnce()>>,
}

type Shared = Rc<RefCell<Asked>>;

/// A lock that is held until this is dropped.
pub struct Held {
    release: Function,
    asked: Shared,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Held")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Releasing a lock must not be reported as losing it.
        let stolen = self.asked.borrow_mut().stolen.take();
        drop(stolen);
        let _ = self.release.call0(&JsValue::UNDEFINED); // resolving a promise does not fail
    }
}

/// A pending request. Dropping it before its answer abandons it: no callback is called, and if the
/// browser grants the lock all the same, it is released at once.
#[must_use = "dropping a request abandons it"]
pub struct Request {
    asked: Shared,
    abort: Option<AbortController>,
}

impl Drop for Request {
    fn drop(&mut self) {
        let unanswered = self.asked.borrow_mut().answer.take();
        if unanswered.is_none() {
            return;
        }
        let stolen = self.asked.borrow_mut().stolen.take();
        drop((unanswered, stolen));
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }
}

impl Locks {
    /// The locks, where the browser has them.
    #[must_use]
    pub fn find() -> Option<Self> {
        let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).ok()?;
        let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
        locks.dyn_into().ok().map(Self)
    }

    /// Requests a lock: waits until it is free if `wait` is set, otherwise takes it only if it is
    /// free now. `answer` is called once, never before this returns. `stolen` is called if another
    /// page takes a granted lock away (`steal: true`) before it is released.
    pub fn request(
        &self,
        name: &str,
        wait: bool,
        answer: impl FnOnce(Answer) + 'static,
        stolen: impl FnOnce() + 'static,
    ) -> Request {
        let asked = Rc::new(RefCell::new(Asked {
            answer: Some(Box::new(answer)),
            stolen: Some(Box::new(stolen)),
        }));
        // The browser rejects a signal on a request that does not wait (`ifAvailable`).
        let abort = wait.then(|| AbortController::new().ok()).flatten();
        let over = self.ask(name, wait, abort.as_ref(), asked.clone());
        spawn_local(watch(over, asked.clone()));
        Request { asked, abort }
    }

    /// A promise that rejects if the browser refuses the lock or takes it away.
    fn ask(
        &self,
        name: &str,
        wait: bool,
        abort: Option<&AbortController>,
        asked: Shared,
    ) -> Promise {
        let options = Object::new();
        let set = |key: &str, value: &JsValue| Reflect::set(&options, &key.into(), value);
        let prepared = match abort {
            Some(abort) => set("signal", &abort.signal()),
            None => set("ifAvailable", &(!wait).into()),
        };
        prepared
            .and_then(|_| self.0.request(name, &options, &granted(asked)))
            .unwrap_or_else(|error| Promise::reject(&error))
    }

    /// The names of all locks that are held on this origin; `None` if the browser does not say.
    pub fn query(&self, answer: impl FnOnce(Option<Vec<String>>) + 'static) {
        let locks = self.0.clone();
        spawn_local(async move { answer(held(&locks).await) });
    }
}

/// The callback that gets the lock, or null if it is taken. It returns the promise that keeps the
/// lock held.
fn granted(asked: Shared) -> JsValue {
    Closure::once_into_js(move |lock: JsValue| -> JsValue {
        let Some(answer) = asked.borrow_mut().answer.take() else {
            return JsValue::UNDEFINED; // abandoned: releases the lock at once
        };
        if lock.is_null() {
            answer(Answer::Taken);
            return JsValue::UNDEFINED;
        }
        let mut release = None;
        let held = Promise::new(&mut |resolve, _| release = Some(resolve));
        let release = release.expect("a promise calls its executor at once");
        answer(Answer::Granted(Held { release, asked }));
        held.into()
    })
}

/// Awaits the end of a request, and reports a rejection: the lock was refused, or stolen.
async fn watch(over: Promise, asked: Shared) {
    if JsFuture::from(over).await.is_ok() {
        return;
    }
    let (answer, stolen) = {
        let mut asked = asked.borrow_mut();
        (asked.answer.take(), asked.stolen.take())
    };
    match (answer, stolen) {
        (Some(answer), _) => answer(Answer::Refused),
        (None, Some(stolen)) => stolen(),
        (None, None) => {}
    }
}

async fn held(locks: &LockManager) -> Option<Vec<String>> {
    let state = JsFuture::from(locks.query().ok()?).await.ok()?;
    let held: Array = Reflect::get(&state, &"held".into()).ok()?.dyn_into().ok()?;
    let name = |lock: JsValue| Reflect::get(&lock, &"name".into()).ok()?.as_string();
    Some(held.iter().filter_map(name).collect())
}
