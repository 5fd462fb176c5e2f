//! What people filled in: fields of forms that follow from data, so that they are found by name.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement, HtmlSelectElement};
use yew::TargetCast;

/// The field of a form that has this name.
pub fn field(form: &Element, name: &str) -> Option<Element> {
    let field = form.query_selector(&format!("[name='{name}']"));
    field.ok().flatten()
}

/// What a field says; empty if the form has none of this name.
pub fn value(form: &Element, name: &str) -> String {
    field(form, name)
        .and_then(|field| said(&field))
        .unwrap_or_default()
}

/// What the field says that an event comes from; empty if it comes from none.
pub fn entered(event: &Event) -> String {
    let field = event.target_dyn_into::<Element>();
    field.and_then(|field| said(&field)).unwrap_or_default()
}

fn said(field: &Element) -> Option<String> {
    let input = field.dyn_ref::<HtmlInputElement>();
    let select = field.dyn_ref::<HtmlSelectElement>();
    let value = input.map(HtmlInputElement::value);
    value.or_else(|| select.map(HtmlSelectElement::value))
}

/// The place of the option that a person has just chosen.
pub fn chosen(event: &Event) -> usize {
    let select = event.target_dyn_into::<HtmlSelectElement>();
    let place = select.and_then(|select| usize::try_from(select.selected_index()).ok());
    place.unwrap_or_default()
}
