//! IndexedDB behind [`Db`].
//!
//! Requests and transactions become promises whose own resolve and reject functions are the event
//! handlers, so that no closure has to be kept or leaks. Own externs, because web-sys cannot say
//! `durability`; with them little would be left for a wrapper crate to do.

use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{
    DomException, IdbDatabase, IdbFactory, IdbKeyRange, IdbObjectStore, IdbOpenDbRequest,
    IdbRequest, IdbTransaction, IdbTransactionMode, WorkerGlobalScope,
};

use super::{Change, Db, DbError, Durability, Name, Store, behind};
use crate::engine::browser::{clock, timers};

/// Version of the stores and of what is in them.
const SCHEMA: u32 = 1;
/// Tries to open a database before this session does without.
const TRIES: u32 = 3;
/// No further try after so many milliseconds: people wait.
const PATIENCE: u64 = 2_000;
/// How long another tab may block the opening, in milliseconds.
const BLOCKED_FOR: i32 = 3_000;
/// How long a browser may take for it that says nothing at all: a busy one is slow.
const SILENT_FOR: i32 = 6_000;

#[wasm_bindgen]
extern "C" {
    /// A database whose transactions can say how durable they are.
    #[wasm_bindgen(extends = IdbDatabase)]
    type DurableDatabase;

    #[wasm_bindgen(method, catch, js_name = transaction)]
    fn transaction_with_options(
        this: &DurableDatabase,
        stores: &Array,
        mode: IdbTransactionMode,
        options: &Object,
    ) -> Result<IdbTransaction, JsValue>;

    /// A transaction that can be committed before the browser notices that it is over.
    #[wasm_bindgen(extends = IdbTransaction)]
    type EagerTransaction;

    #[wasm_bindgen(method, catch, js_name = commit)]
    fn commit_now(this: &EagerTransaction) -> Result<(), JsValue>;
}

/// An open database; clones are handles to the same connection.
#[derive(Clone)]
pub struct Idb(Rc<Connection>);

struct Connection {
    db: IdbDatabase,
    stores: &'static [Store],
    _lost: Closure<dyn Fn(web_sys::Event)>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.db.set_onversionchange(None);
        self.db.set_onclose(None);
        self.db.close();
    }
}

impl Idb {
    /// Opens a database and makes its stores if it is new. `lost` is called when it is taken away
    /// later: another version wants to upgrade it, or the user clears the site's data.
    ///
    /// # Errors
    /// Why this session has to do without.
    pub async fn open(
        name: &str,
        stores: &'static [Store],
        lost: impl Fn(String) + 'static,
    ) -> Result<Self, DbError> {
        let begun = clock::steady_ms();
        let mut tries = 1;
        let db = loop {
            match open_with_stores(name, stores).await {
                Err(DbError::Refused(_))
                    if tries < TRIES && clock::steady_ms() < begun + PATIENCE =>
                {
                    tries += 1;
                }
                result => break result?,
            }
            timers::pause(100).await;
        };
        let handle = db.clone();
        let lost = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
            handle.close(); // or it would block whoever wants to change the database
            lost(format!(
                "the browser took the database away ({})",
                event.type_()
            ));
        });
        db.set_onversionchange(Some(lost.as_ref().unchecked_ref()));
        db.set_onclose(Some(lost.as_ref().unchecked_ref()));
        Ok(Self(Rc::new(Connection {
            db,
            stores,
            _lost: lost,
        })))
    }

    fn read_transaction(&self, store: Store) -> Result<IdbObjectStore, JsValue> {
        self.0
            .db
            .transaction_with_str(store.name())?
            .object_store(store.name())
    }

    fn write_transaction(&self, durability: Durability) -> Result<IdbTransaction, JsValue> {
        let names: Array = self
            .0
            .stores
            .iter()
            .map(|store| JsValue::from(store.name()))
            .collect();
        let options = Object::new();
        let word = match durability {
            Durability::Relaxed => "relaxed",
            Durability::Strict => "strict",
        };
        Reflect::set(&options, &"durability".into(), &word.into())?;
        let db: &DurableDatabase = self.0.db.unchecked_ref();
        db.transaction_with_options(&names, IdbTransactionMode::Readwrite, &options)
    }
}

impl Db for Idb {
    async fn range(&self, store: Store, prefix: &[u8]) -> Result<Vec<(Name, Vec<u8>)>, DbError> {
        let ask = || {
            let store = self.read_transaction(store)?;
            let range = key_range(prefix)?;
            // Both before the first wait: a transaction ends when nothing is asked of it.
            let names = store.get_all_keys_with_key(&range)?;
            Ok((names, store.get_all_with_key(&range)?))
        };
        let (names, values) = ask().map_err(refused)?;
        let names = Array::from(&result(&names).await?);
        let values = Array::from(&result(&values).await?);
        let rows = names.iter().zip(values.iter());
        Ok(rows
            .map(|(name, value)| (to_bytes(&name), to_bytes(&value)))
            .collect())
    }

    async fn read(&self, store: Store, names: &[Name]) -> Result<Vec<Option<Vec<u8>>>, DbError> {
        let ask = || {
            let store = self.read_transaction(store)?;
            names
                .iter()
                .map(|name| store.get(&to_js(name)))
                .collect::<Result<Vec<_>, _>>()
        };
        let mut values = Vec::with_capacity(names.len());
        for request in ask().map_err(refused)? {
            let value = result(&request).await?;
            values.push((!value.is_undefined()).then(|| to_bytes(&value)));
        }
        Ok(values)
    }

    async fn commit(&self, changes: &[Change], durability: Durability) -> Result<(), DbError> {
        if changes.is_empty() {
            return Ok(());
        }
        let transaction = self.write_transaction(durability).map_err(refused)?;
        let finished = promise(|resolve, reject| {
            transaction.set_oncomplete(Some(resolve));
            transaction.set_onabort(Some(reject));
        });
        for change in changes {
            if let Err(error) = make(&transaction, change) {
                let _ = transaction.abort(); // it may be over already
                // Waited for, or its rejection would count as an error that nobody caught.
                let _ = JsFuture::from(finished).await;
                return Err(refused(error));
            }
        }
        let eager: &EagerTransaction = transaction.unchecked_ref();
        let _ = eager.commit_now(); // where that is not known, it ends by itself
        match JsFuture::from(finished).await {
            Ok(_) => Ok(()),
            Err(_) => Err(why(transaction.error())),
        }
    }
}

fn make(transaction: &IdbTransaction, change: &Change) -> Result<(), JsValue> {
    match change {
        Change::Put(store, name, value) => {
            let store = transaction.object_store(store.name())?;
            store.put_with_key(&to_js(value), &to_js(name))?;
        }
        Change::Delete(store, name) => {
            transaction
                .object_store(store.name())?
                .delete(&to_js(name))?;
        }
        Change::DeleteAll(store, prefix) => {
            transaction
                .object_store(store.name())?
                .delete(&key_range(prefix)?)?;
        }
    }
    Ok(())
}

/// Opens a database of our version with all its stores.
async fn open_with_stores(name: &str, stores: &'static [Store]) -> Result<IdbDatabase, DbError> {
    let factory = factory()?;
    let db = open_once(&factory, name, stores).await?;
    let found: Vec<String> = (0..db.object_store_names().length())
        .filter_map(|index| db.object_store_names().item(index))
        .collect();
    let here = |store: &Store| found.iter().any(|found| found == store.name());
    if stores.iter().all(here) {
        return Ok(db);
    }
    db.close();
    if found.is_empty() {
        // Somebody opened the name before us: nothing is in it, so it can be made anew.
        wait_for(&factory.delete_database(name).map_err(refused)?).await?;
        return open_once(&factory, name, stores).await;
    }
    Err(DbError::Refused(
        "the database lacks parts that it should have".into(),
    ))
}

async fn open_once(
    factory: &IdbFactory,
    name: &str,
    stores: &'static [Store],
) -> Result<IdbDatabase, DbError> {
    let request = factory.open_with_u32(name, SCHEMA).map_err(refused)?;
    let asked = request.clone();
    // Belongs to the request: it may still fire when nobody waits for the request any more.
    let upgrade = Closure::once_into_js(move || {
        let Ok(db) = asked.result().map(JsCast::unchecked_into::<IdbDatabase>) else {
            return;
        };
        for store in stores {
            let _ = db.create_object_store(store.name()); // what is there already stays
        }
    });
    request.set_onupgradeneeded(Some(upgrade.unchecked_ref()));
    match wait_for(&request).await {
        Ok(db) => Ok(db.unchecked_into()),
        Err(error) => match newer_version(factory, name, &request).await {
            Some(version) => Err(DbError::OtherVersion(version)),
            None => Err(error),
        },
    }
}

/// The version of the data, if opening failed because it is newer than ours.
async fn newer_version(factory: &IdbFactory, name: &str, failed: &IdbOpenDbRequest) -> Option<u32> {
    let error = failed.error().ok()??;
    if error.name() != "VersionError" {
        return None;
    }
    let request = factory.open(name).ok()?;
    let db: IdbDatabase = wait_for(&request).await.ok()?.unchecked_into();
    let version = db.version();
    db.close();
    Some(version as u32)
}

/// Waits for an opening or deletion, but not for ever: other tabs may block it.
async fn wait_for(request: &IdbOpenDbRequest) -> Result<JsValue, DbError> {
    let done = promise(|resolve, reject| {
        request.set_onsuccess(Some(resolve));
        request.set_onerror(Some(reject));
    });
    let blocked = promise(|resolve, _| request.set_onblocked(Some(resolve)));
    let given_up = future_to_promise(async move {
        let race = Promise::race(&Array::of2(&blocked, &timers::sleep(SILENT_FOR)));
        if JsFuture::from(race).await?.is_undefined() {
            return Ok("the browser does not answer".into());
        }
        timers::pause(BLOCKED_FOR).await;
        Ok("another tab blocks the database".into())
    });
    let won = JsFuture::from(Promise::race(&Array::of2(&done, &given_up))).await;
    if let Some(reason) = won.as_ref().ok().and_then(JsValue::as_string) {
        // Should it still open, it must not stay open behind our back.
        let late = Closure::once_into_js(|event: web_sys::Event| {
            let target = event
                .target()
                .map(JsCast::unchecked_into::<IdbOpenDbRequest>);
            let db = target.and_then(|request| request.result().ok());
            if let Some(db) = db.and_then(|db| db.dyn_into::<IdbDatabase>().ok()) {
                db.close();
            }
        });
        request.set_onsuccess(Some(late.unchecked_ref()));
        return Err(DbError::Refused(reason));
    }
    match won {
        Ok(_) => request.result().map_err(refused),
        Err(_) => Err(why(request.error().ok().flatten())),
    }
}

async fn result(request: &IdbRequest) -> Result<JsValue, DbError> {
    let done = promise(|resolve, reject| {
        request.set_onsuccess(Some(resolve));
        request.set_onerror(Some(reject));
    });
    match JsFuture::from(done).await {
        Ok(_) => request.result().map_err(refused),
        Err(_) => Err(why(request.error().ok().flatten())),
    }
}

fn promise(attach: impl Fn(&Function, &Function)) -> Promise {
    Promise::new(&mut |resolve, reject| attach(&resolve, &reject))
}

fn factory() -> Result<IdbFactory, DbError> {
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let factory = scope.indexed_db().map_err(refused)?;
    factory.ok_or_else(|| DbError::Refused("this browser has no IndexedDB here".into()))
}

/// The names that start so.
fn key_range(prefix: &[u8]) -> Result<JsValue, JsValue> {
    let lower = to_js(prefix);
    let range = match behind(prefix) {
        Some(upper) => {
            IdbKeyRange::bound_with_lower_open_and_upper_open(&lower, &to_js(&upper), false, true)?
        }
        None => IdbKeyRange::lower_bound(&lower)?,
    };
    Ok(range.into())
}

fn to_js(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

fn to_bytes(value: &JsValue) -> Vec<u8> {
    Uint8Array::new(value).to_vec()
}

fn why(error: Option<DomException>) -> DbError {
    let words = error.map(|error| format!("{}: {}", error.name(), error.message()));
    DbError::Refused(words.unwrap_or_else(|| "the browser gave no reason".into()))
}

fn refused(error: JsValue) -> DbError {
    match error.dyn_into::<DomException>() {
        Ok(error) => why(Some(error)),
        Err(error) => DbError::Refused(format!("{error:?}")),
    }
}
