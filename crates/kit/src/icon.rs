//! The icons, drawn on a 24 × 24 grid. They are decoration: a text or label always says the same.

use yew::prelude::*;

/// An arrow out of a box.
pub const SHARE: &str = "M12 15V3M8 7l4-4 4 4M5 12v8h14v-8";
/// A cross.
pub const CLOSE: &str = "M6 6l12 12M18 6L6 18";
/// Two sheets.
pub const COPY: &str = "M9 9h11v11H9zM15 9V4H4v11h5";
/// A tick.
pub const CHECK: &str = "M5 13l5 5L20 7";
/// A plus sign.
pub const PLUS: &str = "M12 5v14M5 12h14";
/// An arrow to the left.
pub const LEFT: &str = "M15 5l-7 7 7 7";
/// An arrow to the right.
pub const RIGHT: &str = "M9 5l7 7-7 7";
/// An arrow to a wall.
pub const END: &str = "M5 5l7 7-7 7M17 5v14";
/// The sun: light colours.
pub const SUN: &str = "M12 8a4 4 0 1 0 .01 0zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M19 5l-1.4 1.4M6.4 17.6L5 19";
/// The moon: dark colours.
pub const MOON: &str = "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z";
/// A pick: mining.
pub const PICK: &str = "M4 9c4-5 12-6 16-2-4-1-8 0-11 2M13.5 7.5L5 20M16 6l3 9";
/// Two linked blocks.
pub const CHAIN: &str = "M3 9h6v6H3zM15 9h6v6h-6zM9 12h6";
/// Three nodes that know each other.
pub const PEERS: &str = "M12 4a2.5 2.5 0 1 0 .01 0zM5 15a2.5 2.5 0 1 0 .01 0zM19 15a2.5 2.5 0 1 0 .01 0zM10.6 8.5L6.5 15M13.4 8.5l4.1 6.5M7.5 17.5h9";
/// A list.
pub const LOG: &str = "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01";
/// A table.
pub const TABLE: &str = "M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14";
/// An arrow back to the beginning.
pub const RESET: &str = "M4 5v5h5M4.6 10A8 8 0 1 1 4 13";
/// A warning triangle.
pub const WARN: &str = "M12 4l9 16H3zM12 10v4M12 17h.01";

/// Draws an icon from its path, one of this module's constants.
pub fn icon(path: &'static str) -> Html {
    html! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d={path} /></svg>
    }
}
