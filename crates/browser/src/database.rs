//! IndexedDB: named stores that map byte strings to byte strings, written in atomic transactions.
//!
//! Every call issues its request before it returns, so that transactions run in the order of the
//! calls; only the answer is awaited. Requests and transactions become promises whose own resolve
//! and reject functions are the event handlers, so that no closure has to be kept alive or leaks.
//! The externs are here because web-sys has no `durability` option; given them, a wrapper crate
//! would have little left to do.

mod open;
mod values;

use std::future::Future;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DomException, IdbDatabase, IdbObjectStore, IdbRequest, IdbTransaction, IdbTransactionMode,
};

use values::{key_range, key_to_bytes, to_js, value_to_bytes};

#[wasm_bindgen]
extern "C" {
    /// A database whose transactions can ask for a durability.
    #[wasm_bindgen(extends = IdbDatabase)]
    type DurableDatabase;

    #[wasm_bindgen(method, catch, js_name = transaction)]
    fn transaction_with_options(
        this: &DurableDatabase,
        stores: &Array,
        mode: IdbTransactionMode,
        options: &Object,
    ) -> Result<IdbTransaction, JsValue>;

    /// A transaction that can be committed at once, not only when the browser sees that it is idle.
    #[wasm_bindgen(extends = IdbTransaction)]
    type EagerTransaction;

    #[wasm_bindgen(method, catch, js_name = commit)]
    fn commit_now(this: &EagerTransaction) -> Result<(), JsValue>;
}

/// A key in a store.
pub type Name = Vec<u8>;

/// Names and their values.
pub type Rows = Vec<(Name, Vec<u8>)>;

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// Sets the value of a name in a store.
    Put(&'a str, &'a [u8], &'a [u8]),
    /// Removes the value of a name from a store.
    Delete(&'a str, &'a [u8]),
    /// Removes from a store all values whose names have this prefix.
    DeleteAll(&'a str, &'a [u8]),
}

/// How durable a write must be before it counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Handed to the operating system.
    Relaxed,
    /// On the disk.
    Strict,
}

/// The browser refused; its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

/// Why a database cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// It holds data of this newer version, which is left alone.
    OtherVersion(u32),
    /// The browser refused; its own words.
    Refused(String),
}

/// An open database; dropping it closes it once the requests in flight have finished.
pub struct Database {
    db: IdbDatabase,
    stores: Array,
    _lost: Closure<dyn Fn(web_sys::Event)>,
}

impl Drop for Database {
    fn drop(&mut self) {
        self.db.set_onversionchange(None);
        self.db.set_onclose(None);
        self.db.close();
    }
}

impl Database {
    /// Opens a database, and creates its stores if it is new. This is a single attempt without a
    /// timeout; dropping the future abandons it. `blocked` is called if another page's older
    /// connection is in the way. `lost` is called when the open database is taken away: another
    /// version wants to upgrade it, or the user clears the site's data.
    ///
    /// # Errors
    /// Why the database cannot be opened.
    pub async fn open(
        name: &str,
        version: u32,
        stores: &[&'static str],
        blocked: impl Fn() + 'static,
        lost: impl Fn(String) + 'static,
    ) -> Result<Self, OpenError> {
        let db = open::with_stores(name, version, stores, Rc::new(blocked)).await?;
        let handle = db.clone();
        let lost = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
            handle.close(); // or it would block the page that wants to upgrade or delete it
            let kind = event.type_();
            lost(format!("the browser took the database away ({kind})"));
        });
        db.set_onversionchange(Some(lost.as_ref().unchecked_ref()));
        db.set_onclose(Some(lost.as_ref().unchecked_ref()));
        let stores = stores.iter().copied().map(JsValue::from).collect();
        Ok(Self {
            db,
            stores,
            _lost: lost,
        })
    }

    /// All values whose names have this prefix, in the order of their names. Names that are not
    /// bytes, which only other pages write, are left out; values that are not bytes come as their
    /// JSON text.
    ///
    /// # Errors
    /// What the browser says.
    pub fn range(
        &self,
        store: &str,
        prefix: &[u8],
    ) -> impl Future<Output = Result<Rows, Refused>> + use<> {
        let ask = || {
            let store = self.store_to_read(store)?;
            let range = key_range(prefix)?;
            let names = Asked::new(store.get_all_keys_with_key(&range)?);
            Ok((names, Asked::new(store.get_all_with_key(&range)?)))
        };
        let asked = ask().map_err(refused);
        async move {
            let (names, values) = asked?;
            let (names, values) = (names.answer().await, values.answer().await);
            let (names, values) = (Array::from(&names?), Array::from(&values?));
            let row = |(name, value)| Some((key_to_bytes(name)?, value_to_bytes(value)));
            Ok(names.iter().zip(values.iter()).filter_map(row).collect())
        }
    }

    /// The values of these names, in the same order; a value that is not bytes comes as its JSON
    /// text.
    ///
    /// # Errors
    /// What the browser says.
    pub fn get(
        &self,
        store: &str,
        names: &[Name],
    ) -> impl Future<Output = Result<Vec<Option<Vec<u8>>>, Refused>> + use<> {
        let ask = || {
            let store = self.store_to_read(store)?;
            let requests = names.iter().map(|name| store.get(&to_js(name)));
            requests
                .map(|request| request.map(Asked::new))
                .collect::<Result<Vec<_>, _>>()
        };
        let asked = ask().map_err(refused);
        async move {
            let mut values = Vec::new();
            for asked in asked? {
                let value = asked.answer().await?;
                values.push((!value.is_undefined()).then(|| value_to_bytes(value)));
            }
            Ok(values)
        }
    }

    /// Makes all changes, in this order, or none.
    ///
    /// # Errors
    /// What the browser says; nothing has changed then.
    pub fn commit(
        &self,
        changes: &[Change<'_>],
        durability: Durability,
    ) -> impl Future<Output = Result<(), Refused>> + use<> {
        let begun = (!changes.is_empty()).then(|| self.begin(changes, durability));
        async move {
            let Some(begun) = begun else {
                return Ok(());
            };
            let Begun {
                transaction,
                finished,
                failed,
            } = begun.map_err(refused)?;
            // Await it in any case, or its rejection would be reported as unhandled.
            let finished = finished.await;
            match (failed, finished) {
                (Some(error), _) => Err(refused(error)),
                (None, Ok(_)) => Ok(()),
                (None, Err(_)) => Err(why(transaction.error())),
            }
        }
    }

    /// Hands a transaction to the browser.
    fn begin(&self, changes: &[Change<'_>], durability: Durability) -> Result<Begun, JsValue> {
        let transaction = self.transaction_to_write(durability)?;
        let finished = JsFuture::from(promise(|resolve, reject| {
            transaction.set_oncomplete(Some(resolve));
            transaction.set_onabort(Some(reject));
        }));
        let made = changes.iter().try_for_each(|one| make(&transaction, one));
        match made {
            Err(_) => drop(transaction.abort()), // fails if the transaction is already over
            Ok(()) => {
                let eager: &EagerTransaction = transaction.unchecked_ref();
                let _ = eager.commit_now(); // a browser without it commits by itself
            }
        }
        Ok(Begun {
            transaction,
            finished,
            failed: made.err(),
        })
    }

    fn store_to_read(&self, store: &str) -> Result<IdbObjectStore, JsValue> {
        self.db.transaction_with_str(store)?.object_store(store)
    }

    fn transaction_to_write(&self, durability: Durability) -> Result<IdbTransaction, JsValue> {
        let options = Object::new();
        let word = match durability {
            Durability::Relaxed => "relaxed",
            Durability::Strict => "strict",
        };
        Reflect::set(&options, &"durability".into(), &word.into())?;
        let db: &DurableDatabase = self.db.unchecked_ref();
        db.transaction_with_options(&self.stores, IdbTransactionMode::Readwrite, &options)
    }
}

/// A write in progress.
struct Begun {
    transaction: IdbTransaction,
    finished: JsFuture,
    /// Why a change could not be requested, so that the transaction was aborted.
    failed: Option<JsValue>,
}

fn make(transaction: &IdbTransaction, change: &Change<'_>) -> Result<(), JsValue> {
    match *change {
        Change::Put(store, name, value) => {
            let store = transaction.object_store(store)?;
            store.put_with_key(&to_js(value), &to_js(name))?;
        }
        Change::Delete(store, name) => {
            transaction.object_store(store)?.delete(&to_js(name))?;
        }
        Change::DeleteAll(store, prefix) => {
            let store = transaction.object_store(store)?;
            store.delete(&key_range(prefix)?)?;
        }
    }
    Ok(())
}

/// A request in flight.
struct Asked {
    request: IdbRequest,
    done: JsFuture,
}

impl Asked {
    /// Attaches the handlers at once, so that no answer is missed.
    fn new(request: IdbRequest) -> Self {
        let done = JsFuture::from(promise(|resolve, reject| {
            request.set_onsuccess(Some(resolve));
            request.set_onerror(Some(reject));
        }));
        Self { request, done }
    }

    async fn answer(self) -> Result<JsValue, Refused> {
        match self.done.await {
            Ok(_) => self.request.result().map_err(refused),
            Err(_) => Err(why(self.request.error().ok().flatten())),
        }
    }
}

fn promise(attach: impl Fn(&Function, &Function)) -> Promise {
    Promise::new(&mut |resolve, reject| attach(&resolve, &reject))
}

fn why(error: Option<DomException>) -> Refused {
    let words = error.map(|error| match error.message().as_str() {
        "" => error.name(),
        message => format!("{}: {message}", error.name()),
    });
    Refused(words.unwrap_or_else(|| "the browser gave no reason".into()))
}

fn refused(error: JsValue) -> Refused {
    match error.dyn_into::<DomException>() {
        Ok(error) => why(Some(error)),
        Err(error) => Refused(crate::worker::words(&error)),
    }
}

impl From<Refused> for OpenError {
    fn from(Refused(words): Refused) -> Self {
        Self::Refused(words)
    }
}
