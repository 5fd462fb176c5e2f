//! `window.tabchain`: the scripting interface, for teachers, tests and the curious.
//!
//! Every method returns a promise; a call before the nodes run waits for them. A promise rejects
//! with an `Error` that has a `code`: `bad-argument`, `engine-lost`, or one of the engine's own
//! (`wire::Failure`). Amounts and work are strings, other 64-bit integers are `BigInt`s; a hash
//! rate is a measurement, so it is a plain number.
//!
//! ```js
//! await tabchain.startMining({ workers: 2, duty: 0.5 });   // duty: share of the time, 0.01 to 1
//! const stop = await tabchain.on("block", (block) => console.log(block.height, block.hash));
//! const { tip } = await tabchain.status();
//! ```

mod events;
mod views;
mod words;

use std::cell::Cell;
use std::rc::Rc;

use chain::{Height, PeerId};
use js_sys::{Array, Error, Function, Object, Promise, Reflect};
use kit::numbers::of_hex;
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wire::ask::{
    AddNode, Export, GetBlock, GetBlocks, GetCoins, GetMempool, GetStatus, PayTo, Reset,
    SendTransaction, SetOnline, StartMining, StopMining, Submit, UndoReset,
};
use wire::{BlockDetail, BlockKey, BlockState, Failure, Power, Question, Subject};

use self::views::{BlockOut, CoinsOut, DetailOut, MempoolOut, StatusOut, ToldOut};
use crate::bridge::{Bridge, News, Phase};
use crate::window;

pub use self::words::METHODS;

/// The most blocks that one answer contains.
const MOST_BLOCKS: u32 = 2_000;
/// The most texts that a transaction may be made of.
const MOST_TEXTS: u32 = 16;
/// The most addresses that one ask may name.
const MOST_ADDRESSES: u32 = 100;

/// Puts the interface on the window.
pub fn install(bridge: &Bridge) {
    let object = Object::new();
    method(&object, "status", bridge, |bridge, _| {
        Ok(ask(bridge, GetStatus, |status| js(&StatusOut::of(&status))))
    });
    method(&object, "startMining", bridge, |bridge, arguments| {
        let power = power(&arguments.get(0))?;
        Ok(ask(bridge, StartMining { power }, nothing))
    });
    method(&object, "stopMining", bridge, |bridge, _| {
        Ok(ask(bridge, StopMining, nothing))
    });
    method(&object, "setOnline", bridge, |bridge, arguments| {
        let online = arguments.get(0).as_bool();
        let online = online.ok_or_else(|| bad_argument("setOnline takes true or false"))?;
        let subject = Subject::Here;
        Ok(ask(bridge, SetOnline { subject, online }, nothing))
    });
    method(&object, "addNode", bridge, |bridge, _| {
        let id = |id: PeerId| Ok(JsValue::from_str(&format!("{id:x}")));
        Ok(ask(bridge, AddNode, id))
    });
    method(&object, "block", bridge, |bridge, arguments| {
        Ok(block(bridge, key(&arguments.get(0))?))
    });
    method(&object, "blocks", bridge, |bridge, arguments| {
        let (from, to) = (arguments.get(0), arguments.get(1));
        let wrong =
            || bad_argument("blocks takes the first and the last height, at most 2,000 blocks");
        let (from, to) = height(&from).zip(height(&to)).ok_or_else(wrong)?;
        let count = to.checked_sub(from).ok_or_else(wrong)?;
        if count >= MOST_BLOCKS {
            Err(wrong())
        } else {
            let (from, to) = (Height(from), Height(to));
            Ok(ask(bridge, GetBlocks { from, to }, |blocks| {
                js(&blocks.iter().map(BlockOut::of).collect::<Vec<_>>())
            }))
        }
    });
    method(&object, "submit", bridge, |bridge, arguments| {
        let (form, values) = (
            arguments.get(0).as_string(),
            texts(&arguments.get(1), MOST_TEXTS),
        );
        let wrong = || bad_argument("submit takes a transaction's name and an array of its texts");
        let (form, values) = form.zip(values).ok_or_else(wrong)?;
        let submit = Submit { form, values };
        Ok(ask(bridge, submit, |told| js(&ToldOut::of(&told))))
    });
    method(&object, "sendTransaction", bridge, |bridge, arguments| {
        let bytes = arguments.get(0).as_string().and_then(|text| of_hex(&text));
        let wrong = || bad_argument("sendTransaction takes a signed transaction in hex");
        let send = SendTransaction(bytes.ok_or_else(wrong)?);
        Ok(ask(bridge, send, |txid| {
            Ok(JsValue::from_str(&txid.to_string()))
        }))
    });
    method(&object, "payTo", bridge, |bridge, arguments| {
        let address = arguments.get(0);
        let wrong = || bad_argument("payTo takes an address, or null");
        let address = match address.is_null() || address.is_undefined() {
            true => None,
            false => Some(address.as_string().ok_or_else(wrong)?),
        };
        Ok(ask(bridge, PayTo(address), nothing))
    });
    method(&object, "coins", bridge, |bridge, arguments| {
        let wrong = || bad_argument("coins takes an array of at most 100 addresses");
        let addresses = texts(&arguments.get(0), MOST_ADDRESSES).ok_or_else(wrong)?;
        Ok(ask(bridge, GetCoins(addresses), |coins| {
            js(&CoinsOut::of(&coins))
        }))
    });
    method(&object, "mempool", bridge, |bridge, _| {
        Ok(ask(bridge, GetMempool, |pool| js(&MempoolOut::of(&pool))))
    });
    method(&object, "reset", bridge, |bridge, _| {
        Ok(ask(bridge, Reset, nothing))
    });
    method(&object, "undoReset", bridge, |bridge, _| {
        Ok(ask(bridge, UndoReset, nothing))
    });
    method(&object, "export", bridge, |bridge, _| {
        Ok(ask(bridge, Export, |text| Ok(JsValue::from_str(&text))))
    });
    method(&object, "on", bridge, |bridge, arguments| {
        let f = arguments.get(1).dyn_into::<Function>();
        let f = f.map_err(|_| bad_argument("on takes an event's name and a function"))?;
        let name = arguments.get(0).as_string().unwrap_or_default();
        let end = events::on(bridge, &name, f).ok_or_else(|| bad_argument(events::NAMES))?;
        Ok(Promise::resolve(&end))
    });
    set(&object, "ready", &ready(bridge));
    set(&window(), "tabchain", &Object::freeze(&object));
}

/// Adds a method that takes any arguments and always returns a promise, which rejects if they are
/// wrong.
fn method(
    object: &Object,
    name: &str,
    bridge: &Bridge,
    act: fn(&Bridge, &Array) -> Result<Promise, JsValue>,
) {
    let bridge = bridge.clone();
    let closure = Closure::<dyn Fn(Array) -> Promise>::new(move |arguments: Array| {
        act(&bridge, &arguments).unwrap_or_else(|error| Promise::reject(&error))
    });
    set(
        object,
        name,
        &variadic(&closure.into_js_value().unchecked_into()),
    );
}

/// A function that gathers its arguments into an array for `f`.
fn variadic(f: &Function) -> JsValue {
    // True varargs would need an adapter in JavaScript, thus eval; no method takes more than two.
    let f = f.clone();
    let closure = Closure::<dyn Fn(JsValue, JsValue) -> JsValue>::new(move |a, b| {
        f.call1(&JsValue::UNDEFINED, &Array::of2(&a, &b))
            .unwrap_or_else(|error| error)
    });
    closure.into_js_value()
}

/// A promise that is fulfilled once the nodes run.
fn ready(bridge: &Bridge) -> Promise {
    Promise::new(&mut |resolve, _| tell_ready(bridge.clone(), resolve))
}

/// Fulfils the promise once the engine answers. Without an engine, as after a bad link, it waits
/// for the next one.
fn tell_ready(bridge: Bridge, resolve: Function) {
    bridge.clone().ask(GetStatus, move |answer| {
        if answer.is_ok() {
            let _ = resolve.call0(&JsValue::UNDEFINED);
            return;
        }
        let listener = Rc::new(Cell::new(None));
        let (id, again) = (listener.clone(), bridge.clone());
        listener.set(Some(bridge.subscribe(move |news| {
            if matches!(news, News::Phase(Phase::Running))
                && let Some(id) = id.take()
            {
                again.unsubscribe(id);
                tell_ready(again.clone(), resolve.clone());
            }
        })));
    });
}

fn set(target: &Object, name: &str, value: &JsValue) {
    // Setting a property of a plain, extensible object never fails.
    let _ = Reflect::set(target, &JsValue::from_str(name), value);
}

/// Asks a question and returns a promise of its answer.
fn ask<Q: Question<Answer: 'static> + Clone>(
    bridge: &Bridge,
    question: Q,
    to_js: fn(Q::Answer) -> Result<JsValue, Failure>,
) -> Promise {
    Promise::new(&mut |resolve, reject| {
        bridge.ask(question.clone(), move |result| {
            settle(&resolve, &reject, result.and_then(to_js));
        });
    })
}

/// A promise of a block. Its confirmations follow from the tip, which is asked for next because the
/// page's picture may be older than the block.
fn block(bridge: &Bridge, key: BlockKey) -> Promise {
    Promise::new(&mut |resolve, reject| {
        let again = bridge.clone();
        bridge.ask(GetBlock(key), move |answer| {
            let told = move |detail: &BlockDetail, tip| js(&DetailOut::of(detail, tip));
            match answer {
                Ok(detail) if detail.block.state == BlockState::Best => {
                    again.ask(GetStatus, move |status| {
                        let value =
                            status.and_then(|status| told(&detail, Some(status.tip.height)));
                        settle(&resolve, &reject, value);
                    });
                }
                Ok(detail) => settle(&resolve, &reject, told(&detail, None)),
                Err(failure) => settle(&resolve, &reject, Err(failure)),
            }
        });
    })
}

fn settle(resolve: &Function, reject: &Function, result: Result<JsValue, Failure>) {
    let settled = match result {
        Ok(value) => resolve.call1(&JsValue::UNDEFINED, &value),
        Err(failure) => reject.call1(&JsValue::UNDEFINED, &error(&failure)),
    };
    // A promise's resolve and reject functions never throw.
    let _ = settled;
}

fn nothing((): ()) -> Result<JsValue, Failure> {
    Ok(JsValue::UNDEFINED)
}

/// Converts a value to JavaScript: 64-bit integers become `BigInt`s, and `None` becomes `null`.
fn js(value: &impl Serialize) -> Result<JsValue, Failure> {
    let serializer = serde_wasm_bindgen::Serializer::new()
        .serialize_large_number_types_as_bigints(true)
        .serialize_maps_as_objects(true)
        .serialize_missing_as_null(true);
    value.serialize(&serializer).map_err(|error| Failure {
        code: "not-a-value".to_owned(),
        message: error.to_string(),
    })
}

fn error(failure: &Failure) -> JsValue {
    let error = Error::new(&failure.message);
    set(&error, "code", &JsValue::from_str(&failure.code));
    error.into()
}

fn bad_argument(message: &str) -> JsValue {
    error(&Failure {
        code: "bad-argument".to_owned(),
        message: message.to_owned(),
    })
}

/// Reads `{workers, duty}`: without an argument, the last power is used; a missing part is 1.
fn power(value: &JsValue) -> Result<Option<Power>, JsValue> {
    if value.is_undefined() {
        return Ok(None);
    }
    let wrong = || {
        bad_argument(
            "startMining takes {workers, duty}: workers 1 to 64, duty 0.01 to 1, the share of the time",
        )
    };
    let known = |name: JsValue| name == "workers" || name == "duty";
    let all_known = || {
        Object::keys(value.unchecked_ref::<Object>())
            .iter()
            .all(known)
    };
    if !is_plain(value) || !all_known() {
        return Err(wrong()); // or a misspelt part would be taken for a missing one
    }
    let part = |name: &str| match Reflect::get(value, &JsValue::from_str(name)) {
        Ok(part) if part.is_undefined() => Some(1.0),
        Ok(part) => part.as_f64(),
        Err(_) => None,
    };
    let (workers, duty) = part("workers").zip(part("duty")).ok_or_else(wrong)?;
    to_power(workers, duty).map(Some).ok_or_else(wrong)
}

/// Whether a value is a plain object, as written in braces. Others must be refused: a date or a
/// promise has no keys either, and would pass for an empty object.
pub fn is_plain(value: &JsValue) -> bool {
    if !value.is_object() {
        return false;
    }
    let Ok(prototype) = Reflect::get_prototype_of(value) else {
        return false; // a proxy that refuses
    };
    // The prototype is null (`Object.create(null)`), or an `Object.prototype`, whose own prototype
    // is null: of this window or of another.
    let made_by = |prototype: &JsValue| Reflect::get_prototype_of(prototype).map(JsValue::from);
    let prototype = JsValue::from(prototype);
    prototype.is_null() || made_by(&prototype).is_ok_and(|above| above.is_null())
}

/// Reads an array of at most so many texts.
fn texts(value: &JsValue, most: u32) -> Option<Vec<String>> {
    let array = value.dyn_ref::<Array>()?;
    let few = array.length() <= most;
    few.then(|| array.iter().map(|text| text.as_string()).collect())?
}

fn to_power(workers: f64, duty: f64) -> Option<Power> {
    let percent = (duty * 100.0).round();
    let sane = workers.fract() == 0.0 && (1.0..=64.0).contains(&workers);
    // The casts are exact: both values are whole and small.
    (sane && (1.0..=100.0).contains(&percent)).then_some(Power {
        workers: workers as u8,
        duty: percent as u8,
    })
}

/// Reads a height, given as a number or `BigInt`, or a hash of 64 hex digits.
fn key(value: &JsValue) -> Result<BlockKey, JsValue> {
    if let Some(height) = height(value) {
        return Ok(BlockKey::Height(Height(height)));
    }
    let hash = value.as_string().and_then(|hash| hash.parse().ok());
    hash.map(BlockKey::Id)
        .ok_or_else(|| bad_argument("block takes a height or a hash of 64 hex digits"))
}

fn height(value: &JsValue) -> Option<u32> {
    if value.is_bigint() {
        return u64::try_from(value.clone()).ok()?.try_into().ok();
    }
    let number = value.as_f64()?;
    let sane = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    sane.then_some(number as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_is_checked() {
        assert_eq!(
            to_power(2.0, 0.5),
            Some(Power {
                workers: 2,
                duty: 50
            })
        );
        assert_eq!(
            to_power(64.0, 1.0),
            Some(Power {
                workers: 64,
                duty: 100
            })
        );
        let wrong = [
            (0.0, 1.0),
            (65.0, 1.0),
            (1.5, 1.0),
            (1.0, 0.0),
            (1.0, 1.1),
            (1.0, -0.5),
            (f64::NAN, 1.0),
            (1.0, f64::NAN),
            (f64::INFINITY, 1.0),
        ];
        for (workers, duty) in wrong {
            assert_eq!(to_power(workers, duty), None, "{workers} {duty}");
        }
    }
}
