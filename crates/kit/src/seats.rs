//! What people know a seat by: a name, a shape and a colour, the same everywhere.
//!
//! The colours are the Okabe-Ito palette, which people with any kind of colour vision can tell
//! apart. With 7 colours and 8 shapes, 56 seats look different before a pair repeats.

/// How many shapes there are.
pub const SHAPES: u32 = 8;
/// How many colours there are; the style sheet has a class for each, from `seat-0` up.
pub const COLOURS: u32 = 7;

const NAMES: [&str; 26] = [
    "Ada", "Ben", "Chen", "Dora", "Emil", "Fatima", "Goro", "Hana", "Igor", "Juno", "Kofi", "Lena",
    "Mila", "Noor", "Omar", "Pia", "Quin", "Rosa", "Sven", "Tara", "Umut", "Vera", "Wen", "Ximena",
    "Yuki", "Zoe",
];

/// The name of a seat: Ada, Ben, ... Zoe, Ada 2, ...
pub fn name(seat: u32) -> String {
    let length = NAMES.len() as u32;
    let first = NAMES[(seat % length) as usize];
    match seat / length {
        0 => first.to_owned(),
        round => format!("{first} {}", u64::from(round) + 1),
    }
}

/// The seats without duplicates, in ascending order.
pub fn each_once(seats: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut known = Vec::new();
    for seat in seats {
        if let Err(place) = known.binary_search(&seat) {
            known.insert(place, seat);
        }
    }
    known
}

/// The class that carries a seat's colour.
pub fn colour_class(seat: u32) -> String {
    format!("seat-{}", seat % COLOURS)
}

/// The outline of a seat's shape around the origin, about 10 units wide, as an SVG path.
pub fn shape(seat: u32) -> &'static str {
    match seat % SHAPES {
        0 => "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",    // circle
        1 => "M0-5.4L4.7-2.7V2.7L0 5.4L-4.7 2.7V-2.7z", // hexagon
        2 => "M-4.5-4.5h9v9h-9z",                       // square
        3 => "M0-5.4L5.6 4.6H-5.6z",                    // triangle
        4 => "M0-6L6 0L0 6L-6 0z",                      // diamond
        5 => "M0-6L1.6-1.9L6-1.8L2.5 .9L3.7 5.1L0 2.7L-3.7 5.1L-2.5 .9L-6-1.8L-1.6-1.9z", // star
        6 => "M-1.8-5.4h3.6v3.6h3.6v3.6h-3.6v3.6h-3.6v-3.6h-3.6v-3.6h3.6z", // cross
        _ => "M0 5.4L5.6-4.6H-5.6z",                    // triangle, downwards
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn fifty_six_seats_look_different() {
        let looks: BTreeSet<_> = (0..SHAPES * COLOURS)
            .map(|s| (shape(s), s % COLOURS))
            .collect();
        assert_eq!(looks.len(), 56);
    }

    #[test]
    fn names_never_repeat() {
        assert_eq!(name(0), "Ada");
        assert_eq!(name(25), "Zoe");
        assert_eq!(name(26), "Ada 2");
        let names: BTreeSet<_> = (0..1000).map(name).collect();
        assert_eq!(names.len(), 1000);
        assert!(!name(u32::MAX).is_empty());
    }
}
