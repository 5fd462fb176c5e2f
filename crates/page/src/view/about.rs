//! What Tabchain is, its words, its keys, its scripting interface.

use yew::prelude::*;

use crate::script::METHODS;
use crate::ui::Ui;

/// The page; `home` leads to the chain.
pub fn about(ui: &Ui, home: &AttrValue) -> Html {
    let t = &ui.t.about;
    html! {
        <main id="main" class="prose" tabindex="-1">
            <h1>{ t.title }</h1>
            <p class="lead">{ t.lead }</p>
            <p><a class="button" href={home.clone()}>{ t.back }</a></p>
            <h2>{ t.how }</h2>
            <ol>{ for t.how_steps.iter().map(|step| html! { <li>{ *step }</li> }) }</ol>
            <h2>{ t.words }</h2>
            <dl class="glossary">{ for t.glossary.iter().map(|(term, meaning)| html! { <div><dt>{ *term }</dt><dd>{ *meaning }</dd></div> }) }</dl>
            <h2>{ t.keys }</h2>
            <dl class="glossary">{ for t.key_list.iter().map(|(key, what)| html! { <div><dt><kbd>{ *key }</kbd></dt><dd>{ *what }</dd></div> }) }</dl>
            <h2>{ t.script }</h2>
            <p>{ t.script_lead }</p>
            <dl class="glossary methods">{ for METHODS.iter().zip(t.script_list).map(|(method, what)| html! { <div><dt><code>{ *method }</code></dt><dd>{ what }</dd></div> }) }</dl>
            <h2>{ t.honest }</h2>
            <ul>{ for t.honest_lines.iter().map(|line| html! { <li>{ *line }</li> }) }</ul>
        </main>
    }
}

/// For an address that leads nowhere.
pub fn not_found(ui: &Ui, home: &AttrValue) -> Html {
    let t = &ui.t.common;
    html! {
        <main id="main" class="prose" tabindex="-1">
            <h1>{ t.not_found }</h1>
            <p>{ t.not_found_more }</p>
            <p><a class="button" href={home.clone()}>{ t.home }</a></p>
        </main>
    }
}
