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
    let field = field(form, name);
    let field = field.as_ref();
    let input = field.and_then(|field| field.dyn_ref::<HtmlInputElement>());
    let select = field.and_then(|field| field.dyn_ref::<HtmlSelectElement>());
    let value = input.map(HtmlInputElement::value);
    let value = value.or_else(|| select.map(HtmlSelectElement::value));
    value.unwrap_or_default()
}

/// The place of the option that a person has just chosen.
pub fn chosen(event: &Event) -> usize {
    let select = event.target_dyn_into::<HtmlSelectElement>();
    let place = select.and_then(|select| usize::try_from(select.selected_index()).ok());
    place.unwrap_or_default()
}
