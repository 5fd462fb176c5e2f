//! The ready-made rooms. Their names and rules must never change: together they identify a room, so
//! a change would part people from their chains.

use scenario::{Draft, Room};

/// Rooms in which slots are decided, by their links.
const SLOTS: [&str; 1] = [
    "/live?room=raft&protocol=raft&ledger=kv&seats=5&heartbeat=250&election=750&batch=64&resend=2500&snapshot=1000&piece=32768",
];

/// Names and rules of rooms in which blocks are mined: spacing in seconds, compact target, adjustment window, halving.
const PRESETS: [(&str, u32, u32, u32, u32); 4] = [
    ("instant", 2, 0x1e0f_ffff, 8, 210_000),
    ("steady", 30, 0x1e00_ffff, 8, 210_000),
    ("halving", 10, 0x1e03_ffff, 8, 20),
    ("bitcoin", 600, 0x1d00_ffff, 2_016, 210_000),
];

/// The starting targets on offer: the expected tries as a power of two, and the compact target.
pub const STARTS: [(u32, u32); 9] = [
    (12, 0x1f0f_ffff),
    (16, 0x1f00_ffff),
    (18, 0x1e3f_ffff),
    (20, 0x1e0f_ffff),
    (22, 0x1e03_ffff),
    (24, 0x1e00_ffff),
    (26, 0x1d3f_ffff),
    (28, 0x1d0f_ffff),
    (32, 0x1d00_ffff),
];

/// All ready-made rooms.
pub fn presets() -> impl Iterator<Item = Room> {
    let mined = PRESETS.into_iter();
    let mined = mined.filter_map(|(name, spacing, bits, window, halving)| {
        let values = [spacing, bits, window, halving].map(u64::from);
        mined_room(name, values)
    });
    mined.chain(SLOTS.into_iter().filter_map(|link| Room::parse(link).ok()))
}

fn mined_room(name: &str, values: [u64; 4]) -> Option<Room> {
    let [spacing, bits, window, halving] = values;
    let values = &[
        ("spacing", spacing),
        ("bits", bits),
        ("window", window),
        ("halving", halving),
    ];
    let draft = Draft {
        name,
        values,
        ..Draft::default()
    };
    Room::new(&draft).ok()
}

#[cfg(test)]
mod tests {
    use chain::CompactTarget;

    use super::*;
    use crate::shell::dialogs::words::preset;

    #[test]
    fn every_preset_is_a_room_with_a_text_in_each_language() {
        assert_eq!(presets().count(), PRESETS.len() + SLOTS.len());
        for room in presets() {
            assert_eq!(Room::parse(&room.link()), Ok(room.clone()));
            assert!(preset(room.name()).is_some(), "{}", room.name());
        }
    }

    #[test]
    fn starting_targets_are_what_they_say() {
        for (power, bits) in STARTS {
            assert!(
                mined_room("a", [10, bits.into(), 8, 100]).is_some(),
                "{bits:08x}"
            );
            // Each target is slightly below 2^(256 - power), because its mantissa is all ones, so
            // it takes slightly more than 2^power tries.
            let work = chain::block_proof(CompactTarget(bits)).to_be_bytes();
            let tries = u64::from_be_bytes(work[24..].try_into().expect("eight bytes"));
            let exact = 1u64 << power;
            assert!(
                (exact..=exact + (exact >> 14)).contains(&tries),
                "{bits:08x}: {tries}"
            );
        }
    }
}
