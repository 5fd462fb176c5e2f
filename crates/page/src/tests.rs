//! The page in a browser, fed with frames by a worker in place of the engine.

mod fixtures;
mod stand_in;

use gloo_timers::future::TimeoutFuture;
use kit::address;
use kit::lang::Lang;
use kit::numbers::Numbers;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement};
use wire::Notice;
use wire::live::{HeldUp, NoSeat};

use self::fixtures::{fork, hash, hostile, next_tip, notices};
use self::stand_in::{Behaviour, StandIn};
use super::bridge::Bridge;
use super::shell::app::{App, Props};
use super::shell::prefs::Prefs;
use crate::samples::samples;

wasm_bindgen_test_configure!(run_in_browser);

/// A page in an element of the test's document.
struct Page {
    root: Element,
    handle: Option<yew::AppHandle<App>>,
    _engine: StandIn,
}

impl Page {
    fn open(lang: Lang, behaviour: &Behaviour) -> Self {
        Self::open_at("/live", lang, behaviour)
    }

    fn open_at(address: &str, lang: Lang, behaviour: &Behaviour) -> Self {
        let engine = StandIn::install(behaviour);
        address::go(address);
        let document = super::window().document().expect("a browser");
        let root = document.create_element("div").expect("a plain element");
        document
            .body()
            .expect("a body")
            .append_child(&root)
            .expect("appended");
        let prefs = Prefs::open(&super::window(), "/test/");
        let bridge = Bridge::new(prefs, "/test/".to_owned(), 4);
        let props = Props {
            bridge,
            lang,
            dark: false,
            dark_chosen: false,
        };
        let handle = yew::Renderer::<App>::with_root_and_props(root.clone(), props).render();
        Self {
            root,
            handle: Some(handle),
            _engine: engine,
        }
    }

    fn find(&self, testid: &str) -> Option<Element> {
        let selector = format!("[data-testid='{testid}']");
        self.root.query_selector(&selector).expect("a selector")
    }

    /// Waits for the element with this test id.
    async fn see(&self, testid: &str) -> Element {
        for _ in 0..200 {
            if let Some(element) = self.find(testid) {
                return element;
            }
            TimeoutFuture::new(25).await;
        }
        panic!("no {testid} in {}", self.text());
    }

    /// Waits until the page contains these words.
    async fn read(&self, words: &str) {
        for _ in 0..200 {
            if self.text().contains(words) {
                return;
            }
            TimeoutFuture::new(25).await;
        }
        panic!("no {words:?} in {}", self.text());
    }

    fn text(&self) -> String {
        self.root.text_content().unwrap_or_default()
    }

    async fn click(&self, testid: &str) {
        self.see(testid)
            .await
            .unchecked_into::<HtmlElement>()
            .click();
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            handle.destroy();
        }
        self.root.remove();
    }
}

#[wasm_bindgen_test]
async fn a_frame_becomes_the_page_in_both_languages() {
    let page = Page::open(Lang::En, &Behaviour::frames(&[fork(1)]));
    assert_eq!(
        page.see("tip-height").await.text_content().as_deref(),
        Some("3")
    );
    assert_eq!(page.see("tip-hash").await.text_content(), Some(hash("c")));
    page.read("2 tips compete").await;
    page.read("Ada switched branch to Block 3 cccccc: 1 block undone, 2 applied")
        .await;
    page.read("stale: lost the race").await;
    let rival = page.see(&format!("block-{}", hash("e"))).await;
    let label = rival.get_attribute("aria-label").unwrap_or_default();
    assert!(
        label.contains("Block 3") && label.contains("rival"),
        "{label}"
    );
    assert!(label.ends_with("found by Ben; tip of Ben"), "{label}");
    let switch = page.see("tab-switch-2").await;
    assert_eq!(
        switch.get_attribute("aria-checked").as_deref(),
        Some("false")
    );
    assert_eq!(switch.get_attribute("role").as_deref(), Some("switch"));
    page.click("lang-toggle").await;
    page.read("2 个链顶在竞争").await;
    page.read("Ada 重组到区块 3 cccccc：撤销 1 个区块，应用 2 个区块")
        .await;
    let root = super::window()
        .document()
        .and_then(|d| d.document_element());
    assert_eq!(
        root.and_then(|root| root.get_attribute("lang")).as_deref(),
        Some("zh-CN")
    );
}

#[wasm_bindgen_test]
async fn the_next_frame_comes_after_the_previous_one_is_acknowledged() {
    let frames = [fork(1), next_tip(2, 77)];
    let page = Page::open(Lang::En, &Behaviour::frames(&frames));
    page.read("Tip 77").await;
}

#[wasm_bindgen_test]
async fn text_from_outside_is_not_parsed_as_markup() {
    let page = Page::open(Lang::En, &Behaviour::frames(&[hostile()]));
    page.read("<img src=x onerror=alert(1)>").await;
    page.read("<script>alert(2)</script>").await;
    assert!(
        page.root
            .query_selector("img, script, [onerror]")
            .expect("a selector")
            .is_none()
    );
    let outside = page.root.query_selector_all("bdi").expect("a selector");
    assert!(outside.length() >= 3, "room, peer and reason are isolated");
}

fn every_notice() -> Vec<Notice> {
    use Notice::{Damaged, Future, OtherVersion, SlowStorage, UndoReset};
    let held_up = samples! {
        HeldUp::DefaultRoom => [HeldUp::DefaultRoom],
        HeldUp::Tab => [HeldUp::Tab],
        HeldUp::Identities => [HeldUp::Identities],
        HeldUp::Reset => [HeldUp::Reset],
    };
    let no_seat = samples! {
        NoSeat::AllTaken => [NoSeat::AllTaken],
        NoSeat::NoLocks => [NoSeat::NoLocks],
        NoSeat::NoStorage => [NoSeat::NoStorage],
    };
    let (ahead, blocks) = (7_200, 3);
    let (height, records) = (chain::Height(41), 1);
    samples! {
        UndoReset => [UndoReset],
        OtherVersion => [OtherVersion],
        Notice::HeldUp(_) => held_up.into_iter().map(Notice::HeldUp),
        SlowStorage { .. } => [SlowStorage { seconds: 12 }],
        Future { .. } => [Future { ahead, blocks }],
        Damaged { .. } => [Damaged { height, records }],
        Notice::NoSeat(_) => no_seat.into_iter().map(Notice::NoSeat),
    }
}

/// The mark of a notice's banner, and words in it.
fn banner_of(notice: &Notice) -> (&'static str, &'static str) {
    match notice {
        Notice::UndoReset => ("undo-reset", "Undo"),
        Notice::OtherVersion => ("banner-version", "another version"),
        Notice::HeldUp(HeldUp::DefaultRoom) => ("banner-held", "opened a new room"),
        Notice::HeldUp(HeldUp::Tab) => ("banner-held", "goes by a different name"),
        Notice::HeldUp(HeldUp::Identities) => ("banner-held", "use new identities"),
        Notice::HeldUp(HeldUp::Reset) => ("banner-held", "The reset was not carried out."),
        Notice::SlowStorage { .. } => ("banner-slow", "Waiting for 12 sec."),
        Notice::Future { .. } => ("banner-future", "3 blocks are dated in the future."),
        Notice::Damaged { .. } => ("banner-damaged", "1 saved record was damaged"),
        Notice::NoSeat(_) => ("banner-seat", "no seat"),
    }
}

#[wasm_bindgen_test]
async fn every_notice_has_its_banner_for_as_long_as_it_holds() {
    let all = every_notice();
    let frames = [fork(1), notices(2, all.clone()), notices(3, Vec::new())];
    let behaviour = Behaviour::frames(&frames[..2]);
    let page = Page::open(Lang::En, &behaviour);
    for (banner, words) in all.iter().map(banner_of) {
        let text = page.see(banner).await.text_content().unwrap_or_default();
        assert!(text.contains(words), "{banner}: {text}");
    }
    drop(page);
    let page = Page::open(Lang::Zh, &Behaviour::frames(&frames));
    page.read("撤销").await;
    for _ in 0..200 {
        if page.find("banner-held").is_none() && page.find("undo-reset").is_none() {
            return;
        }
        TimeoutFuture::new(25).await;
    }
    panic!("banners stay: {}", page.text());
}

/// The same marks as in xtask's own test (`crates/xtask/src/content.rs`).
#[wasm_bindgen_test]
async fn marks_become_elements_and_nothing_else() {
    let marks = "<h1\n=A \n<em\n=b\n>\n>\n<p\n=One two \n`{x}\n=: \n<a #/live\n=there\n>\n=.\n>\n\
                 <ul\n<li\n<strong\n=c\n>\n>\n>\n<script\n=<img src=x>\n>\n<a javascript:x\n=d\n>\n";
    let drawn = super::learn::drawn(marks);
    let document = super::window().document().expect("a browser");
    let root = document.create_element("div").expect("a plain element");
    #[derive(yew::Properties, PartialEq)]
    struct Shown {
        html: yew::Html,
    }
    #[yew::component]
    fn Show(props: &Shown) -> yew::Html {
        props.html.clone()
    }
    let handle =
        yew::Renderer::<Show>::with_root_and_props(root.clone(), Shown { html: drawn }).render();
    TimeoutFuture::new(50).await;
    let expected = "<h1>A <em>b</em></h1><p>One two <code>{x}</code>: <a href=\"#/live\">there</a>.</p>\
                    <ul><li><strong>c</strong></li></ul>&lt;img src=x&gt;d";
    assert_eq!(root.inner_html(), expected);
    handle.destroy();
}

#[wasm_bindgen_test]
fn only_plain_objects_are_settings() {
    let plain = |source: &str| {
        let value = js_sys::Function::new_no_args(&format!("return ({source})"));
        let value = value
            .call0(&wasm_bindgen::JsValue::UNDEFINED)
            .expect("runs");
        super::script::is_plain(&value)
    };
    for good in [
        "{}",
        "{workers: 2}",
        "Object.create(null)",
        "JSON.parse('{}')",
    ] {
        assert!(plain(good), "{good}");
    }
    let odd = [
        "new Date(NaN)",
        "Promise.resolve()",
        "[]",
        "null",
        "undefined",
        "5",
        "'full'",
        "() => 1",
        "new Map()",
        "/x/",
        "Object.create({})",
        "new (class A {})()",
        "window",
    ];
    for odd in odd {
        assert!(!plain(odd), "{odd}");
    }
}

#[wasm_bindgen_test]
async fn a_dead_engine_is_shown_and_replaced() {
    let page = Page::open(Lang::En, &Behaviour::dies_once(&fork(1)));
    let dialog = page.see("crash-dialog").await;
    assert!(
        dialog
            .text_content()
            .unwrap_or_default()
            .contains("this engine was meant to die")
    );
    page.read("A new one is running from what was saved.").await;
    assert_eq!(
        page.see("tip-height").await.text_content().as_deref(),
        Some("3")
    );
}

#[wasm_bindgen_test]
async fn a_bad_room_has_a_way_back() {
    let link = "/live?room=a&spacing=999999&bits=1e00ffff&window=8&halving=100";
    let page = Page::open_at(link, Lang::En, &Behaviour::frames(&[fork(1)]));
    let message = page
        .see("bad-room")
        .await
        .text_content()
        .unwrap_or_default();
    assert!(
        message.contains("time between blocks") && message.contains("999999"),
        "{message}"
    );
    page.see("to-default-room").await;
}

#[wasm_bindgen_test]
async fn choosing_a_block_shows_it_and_a_reset_asks_first() {
    let page = Page::open(Lang::En, &Behaviour::frames(&[fork(1)]));
    let block = page.see(&format!("block-{}", hash("a"))).await;
    let click = web_sys::Event::new("click").expect("an event");
    click.init_event_with_bubbles("click", true);
    block.dispatch_event(&click).expect("dispatched");
    for _ in 0..100 {
        if page.see("block-detail").await.get_attribute("data-hash") == Some(hash("a")) {
            break;
        }
        TimeoutFuture::new(20).await;
    }
    assert_eq!(
        page.see("block-detail").await.get_attribute("data-hash"),
        Some(hash("a"))
    );
    page.click("reset-button").await;
    page.see("reset-confirm").await;
    assert!(page.text().contains("You can undo this later."));
}

#[wasm_bindgen_test]
fn numbers_follow_the_language() {
    let (en, zh) = (Numbers::new("en"), Numbers::new("zh-CN"));
    assert_eq!(en.whole(u64::MAX), "18,446,744,073,709,551,615");
    assert_eq!(
        (en.compact(52_000_000), zh.compact(52_000_000)),
        ("52M".into(), "5200万".into())
    );
    assert_eq!(en.milli(2_100), "2.1");
    assert_eq!(en.rate(2_912_345).text(), "2.91\u{a0}MH/s");
    assert_eq!(en.rate(999).text(), "999\u{a0}H/s");
    assert_eq!(
        (en.duration(9_000), zh.duration(9_000)),
        ("9 sec".into(), "9秒".into())
    );
    assert_eq!(en.duration(120_000), "2 min");
    assert!(!en.duration(u64::MAX).is_empty());
}
