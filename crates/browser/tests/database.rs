//! IndexedDB in its real surroundings: a worker in a browser.
#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::task::{Context, Waker};

use browser::database::{Change, Database, Durability, OpenError, Refused};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen(inline_js = "
export function sleep(ms) { return new Promise((resolve) => setTimeout(resolve, ms)); }
export function openRaw(name, version, stores) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => stores.forEach((store) => request.result.createObjectStore(store));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
export function closeRaw(database) { database.close(); }
export function putJunk(database, store) {
  return new Promise((resolve) => {
    const transaction = database.transaction(store, 'readwrite');
    const at = transaction.objectStore(store);
    at.put(new Uint8Array([1]), 'a word');
    at.put(new Uint8Array([1]), 7);
    at.put(new Uint8Array([1]), [new Uint8Array([1, 9])]);
    at.put('words', new Uint8Array([1, 2]));
    at.put({ length: 3 }, new Uint8Array([1, 3]));
    at.put(1e9, new Uint8Array([1, 4]));
    at.put(null, new Uint8Array([1, 5]));
    at.put(undefined, new Uint8Array([1, 6]));
    at.put(new Uint16Array([1]), new Uint8Array([1, 7]));
    at.put(new Uint8Array([8]), new Uint8Array([1, 8]));
    transaction.oncomplete = () => resolve();
  });
}
export function durabilityOf() {
  const said = [];
  const original = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (stores, mode, options) {
    if (mode === 'readwrite') said.push(options && options.durability);
    return original.call(this, stores, mode, options);
  };
  return () => { IDBDatabase.prototype.transaction = original; return said.join(); };
}
export function dropAll(name) {
  return new Promise((resolve) => { indexedDB.deleteDatabase(name).onsuccess = () => resolve(); });
}
")]
extern "C" {
    async fn sleep(ms: i32);
    #[wasm_bindgen(js_name = openRaw, catch)]
    async fn open_raw(name: &str, version: u32, stores: Vec<String>) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = closeRaw)]
    fn close_raw(database: &JsValue);
    #[wasm_bindgen(js_name = putJunk)]
    async fn put_junk(database: &JsValue, store: &str);
    #[wasm_bindgen(js_name = durabilityOf)]
    fn watch_durability() -> js_sys::Function;
    #[wasm_bindgen(js_name = dropAll)]
    async fn drop_all(name: &str);
}

const STORES: &[&str] = &["blocks", "own", "meta"];

async fn open(name: &str) -> Result<Database, OpenError> {
    Database::open(name, 1, STORES, || (), |_| ()).await
}

/// A new database of this name.
async fn fresh(name: &str) -> Database {
    drop_all(name).await;
    open(name).await.unwrap()
}

fn put<'a>(name: &'a [u8], value: &'a [u8]) -> Change<'a> {
    Change::Put("own", name, value)
}

#[wasm_bindgen_test]
async fn values_come_back_by_name_and_by_prefix() {
    let db = fresh("round-trip").await;
    let changes = [
        put(&[1, 1], b"a"),
        put(&[1, 2], b""),
        put(&[1, 255], b"c"),
        put(&[2], b"d"),
    ];
    db.commit(&changes, Durability::Relaxed).await.unwrap();
    drop(db);
    let db = open("round-trip").await.unwrap();
    let rows = db.range("own", &[1]).await.unwrap();
    let expected = [
        (vec![1, 1], b"a".to_vec()),
        (vec![1, 2], vec![]),
        (vec![1, 255], b"c".to_vec()),
    ];
    assert_eq!(rows, expected);
    assert_eq!(db.range("own", &[]).await.unwrap().len(), 4);
    let read = db.get("own", &[vec![2], vec![3], vec![1, 2]]).await;
    assert_eq!(read, Ok(vec![Some(b"d".to_vec()), None, Some(vec![])]));
    let changes = [Change::DeleteAll("own", &[1]), Change::Delete("own", &[2])];
    db.commit(&changes, Durability::Relaxed).await.unwrap();
    assert_eq!(db.range("own", &[]).await.unwrap(), []);
}

#[wasm_bindgen_test]
async fn transactions_run_in_the_order_of_the_calls_whoever_waits_first() {
    let db = fresh("order").await;
    let first = db.commit(&[put(&[1], b"a")], Durability::Relaxed);
    let between = db.get("own", &[vec![1]]);
    let second = db.commit(&[put(&[1], b"b")], Durability::Relaxed);
    let last = db.get("own", &[vec![1]]);
    assert_eq!(last.await, Ok(vec![Some(b"b".to_vec())]));
    assert_eq!(second.await, Ok(()));
    assert_eq!(between.await, Ok(vec![Some(b"a".to_vec())]));
    assert_eq!(first.await, Ok(()));
}

/// Any page of the origin can write anything there.
#[wasm_bindgen_test]
async fn names_that_are_not_bytes_are_left_out_and_such_values_come_as_json() {
    drop_all("junk").await;
    let stores = STORES.iter().map(ToString::to_string).collect();
    let raw = open_raw("junk", 1, stores).await.unwrap();
    put_junk(&raw, "own").await;
    close_raw(&raw);
    let db = open("junk").await.unwrap();
    let texts: [&[u8]; 6] = [
        br#""words""#,
        br#"{"length":3}"#,
        b"1000000000",
        b"null",
        b"something else",
        br#"{"0":1}"#,
    ];
    let junk = (2..)
        .zip(texts)
        .map(|(last, text)| (vec![1, last], text.to_vec()));
    let rows: Vec<_> = junk.chain([(vec![1, 8], vec![8])]).collect();
    assert_eq!(db.range("own", &[]).await, Ok(rows.clone()));
    assert_eq!(db.range("own", &[1]).await, Ok(rows.clone()));
    let (names, values): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let mut read = db.get("own", &names).await.unwrap();
    assert_eq!(read.remove(4), None, "undefined counts as missing");
    let others = [&values[..4], &values[5..]].concat();
    assert_eq!(read, others.into_iter().map(Some).collect::<Vec<_>>());
}

/// Chrome's default has been relaxed since version 121, so a write that needs more must ask for it.
#[wasm_bindgen_test]
async fn a_strict_write_says_that_it_is_strict() {
    let db = fresh("durability").await;
    let said = watch_durability();
    for durability in [Durability::Strict, Durability::Relaxed] {
        db.commit(&[put(&[1], b"a")], durability).await.unwrap();
    }
    let said = said.call0(&JsValue::NULL).unwrap();
    assert_eq!(said.as_string().unwrap(), "strict,relaxed");
}

#[wasm_bindgen_test]
async fn a_transaction_that_fails_changes_nothing() {
    let db = fresh("atomic").await;
    let foreign = Change::Put("identities", &[1], &[1]); // no such store here
    let changes = [put(&[1], b"a"), foreign];
    let failed = db.commit(&changes, Durability::Relaxed).await;
    assert!(matches!(failed, Err(Refused(why)) if why.contains("NotFoundError")));
    assert_eq!(db.range("own", &[]).await.unwrap(), []);
}

#[wasm_bindgen_test]
async fn a_database_that_somebody_made_without_stores_is_made_anew() {
    drop_all("empty").await;
    close_raw(&open_raw("empty", 1, vec![]).await.unwrap());
    let db = open("empty").await.unwrap();
    let put = db.commit(&[put(&[1], b"a")], Durability::Relaxed);
    assert_eq!(put.await, Ok(()));
}

#[wasm_bindgen_test]
async fn a_database_that_lacks_a_part_is_left_alone() {
    drop_all("torn").await;
    let stores = vec!["own".into(), "other".into()];
    close_raw(&open_raw("torn", 1, stores).await.unwrap());
    assert!(matches!(open("torn").await, Err(OpenError::Refused(_))));
}

#[wasm_bindgen_test]
async fn data_of_a_newer_version_is_left_alone() {
    drop_all("newer").await;
    close_raw(&open_raw("newer", 7, vec!["future".into()]).await.unwrap());
    assert_eq!(open("newer").await.err(), Some(OpenError::OtherVersion(7)));
    close_raw(&open_raw("newer", 7, vec![]).await.unwrap());
}

#[wasm_bindgen_test]
async fn an_upgrade_by_another_page_goes_ahead_and_we_are_told() {
    drop_all("upgrade").await;
    let told = Rc::new(RefCell::new(Vec::new()));
    let tell = told.clone();
    let lost = move |why| tell.borrow_mut().push(why);
    let db = Database::open("upgrade", 1, STORES, || (), lost)
        .await
        .unwrap();
    close_raw(&open_raw("upgrade", 2, vec![]).await.unwrap());
    assert_eq!(told.borrow().len(), 1);
    let late = db.commit(&[put(&[1], b"a")], Durability::Relaxed).await;
    assert!(matches!(late, Err(Refused(_))));
    let late = db.range("own", &[]).await;
    assert!(matches!(late, Err(Refused(_))));
}

/// Closing a database ourselves must not be reported as losing it.
#[wasm_bindgen_test]
async fn a_database_that_was_dropped_says_nothing_more() {
    drop_all("quiet").await;
    let lost = |why: String| panic!("{why}");
    let db = Database::open("quiet", 1, STORES, || (), lost).await;
    drop(db.unwrap());
    drop_all("quiet").await;
}

#[wasm_bindgen_test]
async fn a_blocked_opening_is_reported_and_goes_on_when_the_way_is_clear() {
    drop_all("blocked").await;
    let older = open_raw("blocked", 1, vec!["own".into()]).await.unwrap();
    let told = Rc::new(RefCell::new(0));
    let tell = told.clone();
    let blocked = move || *tell.borrow_mut() += 1;
    let mut opening = Box::pin(Database::open("blocked", 2, STORES, blocked, |_| ()));
    let mut begin = Context::from_waker(Waker::noop());
    assert!(opening.as_mut().poll(&mut begin).is_pending());
    for _ in 0..500 {
        if *told.borrow() > 0 {
            break;
        }
        sleep(10).await;
    }
    assert_eq!(*told.borrow(), 1);
    close_raw(&older);
    assert!(opening.await.is_ok());
}

#[wasm_bindgen_test]
async fn an_abandoned_opening_leaves_nothing_open() {
    drop_all("late").await;
    let older = open_raw("late", 1, STORES.iter().map(ToString::to_string).collect()).await;
    let blocked = || panic!("the opening was abandoned");
    let mut opening = Box::pin(Database::open("late", 2, STORES, blocked, |_| ()));
    let mut begin = Context::from_waker(Waker::noop());
    assert!(opening.as_mut().poll(&mut begin).is_pending());
    drop(opening);
    close_raw(&older.unwrap());
    sleep(100).await;
    drop_all("late").await; // would wait forever if a connection were still open
}
