//! The About page: what Tabchain is, a glossary, the keys, the scripting interface.

pub mod words;

use yew::prelude::*;

use self::words::{About, GLOSSARY, HONEST, HOW, KEYS};
use super::door::Ui;
use super::words::Shell;
use crate::script::METHODS;

/// The page; `home` is the link to the chain.
pub fn about(ui: &Ui, home: &AttrValue) -> Html {
    let t: &About = ui.words();
    html! {
        <main id="main" class="prose" tabindex="-1">
            <h1>{ t.title }</h1>
            <p class="lead">{ t.lead }</p>
            <p><a class="button" href={home.clone()}>{ t.back }</a></p>
            <h2>{ t.how }</h2>
            <ol>{ for HOW.iter().map(|step| html! { <li>{ step.of(ui.lang) }</li> }) }</ol>
            <p><a href="#/learn/pow">{ t.learn }</a></p>
            <h2>{ t.words }</h2>
            <dl class="glossary">{ for GLOSSARY.iter().map(|(term, meaning)| html! { <div><dt>{ term.of(ui.lang) }</dt><dd>{ meaning.of(ui.lang) }</dd></div> }) }</dl>
            <h2>{ t.keys }</h2>
            <dl class="glossary">{ for KEYS.iter().map(|(key, what)| html! { <div><dt><kbd>{ key.of(ui.lang) }</kbd></dt><dd>{ what.of(ui.lang) }</dd></div> }) }</dl>
            <h2>{ t.script }</h2>
            <p>{ t.script_lead }</p>
            <dl class="glossary methods">{ for METHODS.iter().map(|(method, what)| html! { <div><dt><code>{ *method }</code></dt><dd>{ what.of(ui.lang) }</dd></div> }) }</dl>
            <h2>{ t.honest }</h2>
            <ul>{ for HONEST.iter().map(|line| html! { <li>{ line.of(ui.lang) }</li> }) }</ul>
        </main>
    }
}

/// The page for an address that leads nowhere.
pub fn not_found(ui: &Ui, home: &AttrValue) -> Html {
    let t: &Shell = ui.words();
    html! {
        <main id="main" class="prose" tabindex="-1">
            <h1>{ t.not_found }</h1>
            <p>{ t.not_found_more }</p>
            <p><a class="button" href={home.clone()}>{ t.home }</a></p>
        </main>
    }
}
