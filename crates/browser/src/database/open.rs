//! Opens a database at a given version with all its stores.

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{IdbDatabase, IdbFactory, IdbOpenDbRequest, IdbRequest, WorkerGlobalScope};

use super::{Asked, OpenError, Refused, refused};

type Blocked = Rc<dyn Fn()>;

/// Opens a database. Creates it if it is new, and recreates it if another page has created it
/// without any stores.
pub(super) async fn with_stores(
    name: &str,
    version: u32,
    stores: &[&'static str],
    blocked: Blocked,
) -> Result<IdbDatabase, OpenError> {
    let factory = factory()?;
    let db = once(&factory, name, version, stores, &blocked).await?;
    let found: Vec<String> = (0..db.object_store_names().length())
        .filter_map(|index| db.object_store_names().item(index))
        .collect();
    let here = |store: &&str| found.iter().any(|found| found == store);
    if stores.iter().all(here) {
        return Ok(db);
    }
    db.close();
    if found.is_empty() {
        // Another page opened this name first. It has no stores, so nothing is lost by starting
        // over.
        let deletion = factory.delete_database(name).map_err(refused)?;
        answer(deletion, &blocked).await?;
        return once(&factory, name, version, stores, &blocked).await;
    }
    let lacks = "the database lacks parts that it should have";
    Err(OpenError::Refused(lacks.into()))
}

async fn once(
    factory: &IdbFactory,
    name: &str,
    version: u32,
    stores: &[&'static str],
    blocked: &Blocked,
) -> Result<IdbDatabase, OpenError> {
    let request = factory.open_with_u32(name, version).map_err(refused)?;
    let (asked, stores) = (request.clone(), stores.to_vec());
    // Owned by the request: it may still fire after the future that awaits the request is dropped.
    let upgrade = Closure::once_into_js(move || {
        let Ok(db) = asked.result().map(JsCast::unchecked_into::<IdbDatabase>) else {
            return;
        };
        for store in stores {
            let _ = db.create_object_store(store); // fails if the store exists: then it stays
        }
    });
    request.set_onupgradeneeded(Some(upgrade.unchecked_ref()));
    match answer(request.clone(), blocked).await {
        Ok(db) => Ok(db.unchecked_into()),
        Err(error) => match newer_version(factory, name, &request, blocked).await {
            Some(version) => Err(OpenError::OtherVersion(version)),
            None => Err(error.into()),
        },
    }
}

/// The version of the stored data, if opening failed because that version is newer than ours.
async fn newer_version(
    factory: &IdbFactory,
    name: &str,
    failed: &IdbOpenDbRequest,
    blocked: &Blocked,
) -> Option<u32> {
    let error = failed.error().ok()??;
    if error.name() != "VersionError" {
        return None;
    }
    let request = factory.open(name).ok()?;
    let db: IdbDatabase = answer(request, blocked).await.ok()?.unchecked_into();
    let version = db.version();
    db.close();
    Some(version as u32)
}

/// Awaits an open or delete request, which other pages may block forever.
async fn answer(request: IdbOpenDbRequest, blocked: &Blocked) -> Result<JsValue, Refused> {
    let asked = Asked::new(IdbRequest::clone(&request));
    let blocked = blocked.clone();
    let mut waiting = Waiting {
        request,
        blocked: Closure::new(move || blocked()),
        answered: false,
    };
    let tell = waiting.blocked.as_ref().unchecked_ref();
    waiting.request.set_onblocked(Some(tell));
    let answer = asked.answer().await;
    waiting.answered = true;
    answer
}

/// A request that is being awaited; dropping it unanswered abandons the request.
struct Waiting {
    request: IdbOpenDbRequest,
    blocked: Closure<dyn Fn()>,
    answered: bool,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.request.set_onblocked(None);
        if self.answered {
            return;
        }
        // The request was abandoned but may still succeed: a connection that nobody owns would
        // block upgrades and deletions, so close it.
        let late = Closure::once_into_js(|event: web_sys::Event| {
            let target = event
                .target()
                .map(JsCast::unchecked_into::<IdbOpenDbRequest>);
            let db = target.and_then(|request| request.result().ok());
            if let Some(db) = db.and_then(|db| db.dyn_into::<IdbDatabase>().ok()) {
                db.close();
            }
        });
        self.request.set_onsuccess(Some(late.unchecked_ref()));
    }
}

fn factory() -> Result<IdbFactory, Refused> {
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let factory = scope.indexed_db().map_err(refused)?;
    factory.ok_or_else(|| Refused("this browser has no IndexedDB here".into()))
}
