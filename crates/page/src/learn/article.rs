//! An article.

use js_sys::Promise;
use kit::lang::{Lang, Words};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Response;
use yew::prelude::*;

use super::Topic;
use super::figures::Figures;
use super::marks::elements;
use super::words::Learn;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub lang: Lang,
    pub topic: Topic,
    /// The link back to the chain.
    pub home: AttrValue,
    /// This room's numbers.
    pub figures: Figures,
}

/// The text of an article, or how far fetching it has come.
#[derive(Clone, PartialEq)]
enum Text {
    Awaited,
    Here(AttrValue),
    Failed,
}

#[component]
pub fn Article(props: &Props) -> Html {
    let t = Learn::of(props.lang);
    let (text, again) = use_text(props.topic, props.lang);
    // Who follows a link in the middle of a page wants to read from the beginning.
    use_effect_with(props.topic, |_| {
        crate::window().scroll_to_with_x_and_y(0.0, 0.0)
    });
    let retry = Callback::from(move |_: MouseEvent| again.set(*again + 1));
    let content = match &text {
        Text::Awaited => html! { <p class="muted" role="status">{ t.loading }</p> },
        Text::Here(text) => elements(text, &props.figures),
        Text::Failed => html! { <>
            <p class="problem" role="alert">{ t.failed }</p>
            <p><button type="button" onclick={retry}>{ t.again }</button></p>
        </> },
    };
    html! {
        <main id="main" class="prose" tabindex="-1" data-testid="article" aria-busy={(text == Text::Awaited).then_some("true")}>
            { content }
            <p><a class="button" href={props.home.clone()}>{ t.back }</a></p>
        </main>
    }
}

/// The text in the current language, and a counter whose change fetches it once more. After a
/// change of language the old text stays until the new one is here, so that the page does not jump.
#[hook]
fn use_text(topic: Topic, lang: Lang) -> (Text, UseStateHandle<u32>) {
    let again = use_state(|| 0u32);
    let text = use_state(|| Text::Awaited);
    let latest = use_mut_ref(|| 0u32);
    {
        let text = text.clone();
        use_effect_with((topic, lang, *again), move |(topic, lang, _)| {
            *latest.borrow_mut() += 1;
            let number = *latest.borrow();
            if *text == Text::Failed {
                text.set(Text::Awaited);
            }
            let fetching = fetch(*topic, *lang);
            let (latest, ended) = (latest.clone(), latest);
            spawn_local(async move {
                let came = fetching.await;
                if *latest.borrow() == number {
                    text.set(came.map_or(Text::Failed, |text| Text::Here(text.into())));
                }
            });
            move || *ended.borrow_mut() += 1 // a late result must not overwrite a newer one
        });
    }
    ((*text).clone(), again)
}

/// Fetches a text from the page's own folder. The build in its URL keeps the browser from using
/// another version's text out of its cache.
async fn fetch(topic: Topic, lang: Lang) -> Option<String> {
    let build = browser::files::build();
    let file = lang.file();
    let address = format!("content/protocols/{}/{file}.txt?b={build}", topic.id());
    let response = await_js(crate::window().fetch_with_str(&address)).await?;
    let response: Response = response.dyn_into().ok()?;
    let text = await_js(response.text().ok().filter(|_| response.ok())?).await?;
    // Some hosts serve their start page in place of a missing file.
    text.as_string().filter(|text| text.starts_with("<h1"))
}

async fn await_js(promise: Promise) -> Option<JsValue> {
    JsFuture::from(promise).await.ok()
}
