//! The engine's adapters where they do their work: in a browser's worker.
#![cfg(all(target_arch = "wasm32", feature = "engine"))]

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web::engine::browser::channel::Channel;
use web::engine::browser::locks::Locks;
use web::engine::browser::timers::{Alarm, pause};
use web::engine::storage::idb::Idb;
use web::engine::storage::{Change, Db, DbError, Durability, ROOM_STORES, Store};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen(inline_js = "
export function openRaw(name, version, stores) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => stores.forEach((store) => request.result.createObjectStore(store));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
export function closeRaw(database) { database.close(); }
export function durabilityOf(act) {
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
    #[wasm_bindgen(js_name = openRaw, catch)]
    async fn open_raw(name: &str, version: u32, stores: Vec<String>) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = closeRaw)]
    fn close_raw(database: &JsValue);
    #[wasm_bindgen(js_name = durabilityOf)]
    fn watch_durability() -> js_sys::Function;
    #[wasm_bindgen(js_name = dropAll)]
    async fn drop_all(name: &str);
}

async fn open(name: &str) -> Result<Idb, DbError> {
    Idb::open(name, ROOM_STORES, |_| ()).await
}

fn put(name: &[u8], value: &[u8]) -> Change {
    Change::Put(Store::Own, name.to_vec(), value.to_vec())
}

#[wasm_bindgen_test]
async fn values_come_back_by_name_and_by_prefix() {
    drop_all("round-trip").await;
    let db = open("round-trip").await.unwrap();
    let changes = [
        put(&[1, 1], b"a"),
        put(&[1, 2], b""),
        put(&[1, 255], b"c"),
        put(&[2], b"d"),
    ];
    db.commit(&changes, Durability::Relaxed).await.unwrap();
    drop(db);
    let db = open("round-trip").await.unwrap();
    let rows = db.range(Store::Own, &[1]).await.unwrap();
    let expected = [
        (vec![1, 1], b"a".to_vec()),
        (vec![1, 2], vec![]),
        (vec![1, 255], b"c".to_vec()),
    ];
    assert_eq!(rows, expected);
    assert_eq!(db.range(Store::Own, &[]).await.unwrap().len(), 4);
    let read = db
        .read(Store::Own, &[vec![2], vec![3], vec![1, 2]])
        .await
        .unwrap();
    assert_eq!(read, [Some(b"d".to_vec()), None, Some(vec![])]);
    let changes = [
        Change::DeleteAll(Store::Own, vec![1]),
        Change::Delete(Store::Own, vec![2]),
    ];
    db.commit(&changes, Durability::Relaxed).await.unwrap();
    assert_eq!(db.range(Store::Own, &[]).await.unwrap(), []);
}

/// IndexedDB's default is relaxed since Chrome 121; promises must say that they want more.
#[wasm_bindgen_test]
async fn a_strict_write_says_that_it_is_strict() {
    let db = open("durability").await.unwrap();
    let said = watch_durability();
    db.commit(&[put(&[1], b"a")], Durability::Strict)
        .await
        .unwrap();
    db.commit(&[put(&[1], b"a")], Durability::Relaxed)
        .await
        .unwrap();
    assert_eq!(
        said.call0(&JsValue::NULL).unwrap().as_string().unwrap(),
        "strict,relaxed"
    );
}

#[wasm_bindgen_test]
async fn a_transaction_that_fails_changes_nothing() {
    drop_all("atomic").await;
    let db = open("atomic").await.unwrap();
    // The room's database has no such store.
    let foreign = Change::Put(Store::Identities, vec![1], vec![1]);
    let failed = db
        .commit(&[put(&[1], b"a"), foreign], Durability::Relaxed)
        .await;
    assert!(matches!(failed, Err(DbError::Refused(_))), "{failed:?}");
    assert_eq!(db.range(Store::Own, &[]).await.unwrap(), []);
}

#[wasm_bindgen_test]
async fn a_database_that_somebody_made_without_stores_is_made_anew() {
    drop_all("empty").await;
    close_raw(&open_raw("empty", 1, vec![]).await.unwrap());
    let db = open("empty").await.unwrap();
    db.commit(&[put(&[1], b"a")], Durability::Relaxed)
        .await
        .unwrap();
}

#[wasm_bindgen_test]
async fn a_database_that_lacks_a_part_is_left_alone() {
    drop_all("torn").await;
    close_raw(
        &open_raw("torn", 1, vec!["own".into(), "other".into()])
            .await
            .unwrap(),
    );
    assert!(matches!(open("torn").await, Err(DbError::Refused(_))));
}

#[wasm_bindgen_test]
async fn data_of_a_newer_version_is_left_alone() {
    drop_all("newer").await;
    close_raw(&open_raw("newer", 7, vec!["future".into()]).await.unwrap());
    assert_eq!(open("newer").await.err(), Some(DbError::OtherVersion(7)));
    close_raw(&open_raw("newer", 7, vec![]).await.unwrap());
}

#[wasm_bindgen_test]
async fn whoever_wants_to_upgrade_is_let_in_and_we_are_told() {
    drop_all("upgrade").await;
    let told = Rc::new(RefCell::new(Vec::new()));
    let lost = told.clone();
    let db = Idb::open("upgrade", ROOM_STORES, move |why| {
        lost.borrow_mut().push(why)
    })
    .await
    .unwrap();
    close_raw(&open_raw("upgrade", 2, vec![]).await.unwrap());
    assert_eq!(told.borrow().len(), 1);
    let refused = db.commit(&[put(&[1], b"a")], Durability::Relaxed).await;
    assert!(matches!(refused, Err(DbError::Refused(_))));
}

#[wasm_bindgen_test]
async fn a_lock_is_one_holders_until_it_is_dropped() {
    let locks = Locks::find().unwrap();
    let held = locks.take("one").await.unwrap();
    assert!(locks.take("one").await.is_none());
    assert!(locks.held().await.unwrap().contains(&"one".to_string()));
    drop(held);
    let again = locks.wait("one").await;
    assert!(again.is_some());
}

#[wasm_bindgen_test]
async fn channels_carry_bytes_and_call_everything_else_garbage() {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let ear = heard.clone();
    let _listening = Channel::open("test", move |bytes| ear.borrow_mut().push(bytes)).unwrap();
    let mouth = web_sys::BroadcastChannel::new("test").unwrap();
    mouth
        .post_message(&js_sys::Uint8Array::from(&b"hello"[..]))
        .unwrap();
    mouth.post_message(&"text".into()).unwrap();
    mouth
        .post_message(&js_sys::Uint8Array::new_with_length(1 << 20))
        .unwrap();
    pause(100).await;
    assert_eq!(*heard.borrow(), [Some(b"hello".to_vec()), None, None]);
}

#[wasm_bindgen_test]
async fn an_alarm_rings_once_for_each_poke_and_setting() {
    let rung = Rc::new(RefCell::new(0));
    let bell = rung.clone();
    let mut alarm = Alarm::new(move || *bell.borrow_mut() += 1);
    for _ in 0..5 {
        alarm.poke();
        alarm.set(20);
    }
    pause(200).await;
    assert_eq!(*rung.borrow(), 2);
}
