//! Two texts that differ a little, and what SHA-256 makes of them.

use chain::hash::sha256;

use crate::link::{Fault, Query, Writer};
use crate::room::State;
use crate::route::Room;

/// The longest text, in bytes of UTF-8.
pub const LONGEST: usize = 120;
/// The most leading zeros that a search may ask for: each is 16 times the work.
pub const MOST_ZEROS: u8 = 5;
/// How often a search may be repeated.
pub const RUNS: [u16; 3] = [1, 20, 100];

/// The room's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hash {
    /// The text that the other one is compared with while no bit is flipped.
    pub before: String,
    /// The text.
    pub text: String,
    /// The bit of the text's last byte that is flipped, from the most significant, 0, to 7.
    pub flipped: Option<u8>,
    /// Leading zeros, as hexadecimal digits, that are searched for.
    pub zeros: u8,
    /// How often they are searched for.
    pub runs: u16,
}

impl Default for Hash {
    fn default() -> Self {
        Self {
            before: "Tabchain".into(),
            text: "Tabchain".into(),
            flipped: Some(7),
            zeros: 3,
            runs: 20,
        }
    }
}

impl State for Hash {
    const ROOM: Room = Room::Hash;

    fn read(query: &Query) -> Result<Self, Fault> {
        let mut values = query.values()?;
        let usual = Self::default();
        let text = values.text("text", LONGEST)?.unwrap_or(usual.text);
        let before = values.text("before", LONGEST)?;
        let flipped = values.number("bit", 0, 7)?;
        let zeros = values.number("zeros", 1, MOST_ZEROS)?;
        let runs = values.one_of("runs", &RUNS)?;
        values.end()?;
        Ok(Self {
            before: before.unwrap_or_else(|| text.clone()),
            flipped: flipped.filter(|_| !text.is_empty()),
            text,
            zeros: zeros.unwrap_or(usual.zeros),
            runs: runs.unwrap_or(usual.runs),
        })
    }

    fn write(&self) -> String {
        let mut writer = Writer::default().text("text", &self.text);
        if self.before != self.text {
            writer = writer.text("before", &self.before);
        }
        let writer = writer.maybe("bit", self.flipped);
        writer
            .plain("zeros", self.zeros)
            .plain("runs", self.runs)
            .done()
    }
}

/// What is compared.
pub struct Compared {
    /// The digest of the text before.
    pub before: [u8; 32],
    /// The digest now.
    pub now: [u8; 32],
}

impl Compared {
    /// Whether a bit, counted from the first byte's most significant one, differs.
    pub fn differs(&self, bit: usize) -> bool {
        let mask = 0x80 >> (bit % 8);
        (self.before[bit / 8] ^ self.now[bit / 8]) & mask != 0
    }

    /// How many of the 256 bits differ.
    pub fn differing(&self) -> u32 {
        let pairs = self.before.iter().zip(&self.now);
        pairs.map(|(before, now)| (before ^ now).count_ones()).sum()
    }
}

impl Hash {
    /// Changes the text; the old one becomes the one to compare with. What is too long is cut at a
    /// character.
    pub fn type_text(&mut self, text: &str) {
        let text = &text[..text.floor_char_boundary(LONGEST)];
        self.before = std::mem::replace(&mut self.text, text.to_owned());
        self.flipped = None;
    }

    /// Flips a bit of the last byte, or flips it back.
    pub fn flip(&mut self, bit: u8) {
        if bit < 8 && !self.text.is_empty() {
            self.flipped = (self.flipped != Some(bit)).then_some(bit);
        }
    }

    /// The bytes that are hashed.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.text.clone().into_bytes();
        if let (Some(bit), Some(last)) = (self.flipped, bytes.last_mut()) {
            *last ^= 0x80 >> bit;
        }
        bytes
    }

    /// The last byte as it stands in [`Hash::bytes`].
    pub fn last_byte(&self) -> Option<u8> {
        self.bytes().last().copied()
    }

    /// Both digests.
    pub fn compared(&self) -> Compared {
        let before = if self.flipped.is_some() {
            &self.text
        } else {
            &self.before
        };
        Compared {
            before: sha256(before.as_bytes()),
            now: sha256(&self.bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_sha256_of_the_text() {
        let mut hash = Hash::default();
        hash.flip(7);
        hash.type_text("abc");
        let digest = kit::numbers::hex(&hash.compared().now);
        // FIPS 180-2, appendix B.1
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest, known);
    }

    #[test]
    fn one_bit_flips_about_half_of_the_digest() {
        let mut hash = Hash::default();
        assert_eq!(hash.bytes(), b"Tabchaio");
        let compared = hash.compared();
        assert_eq!(compared.differing(), 131);
        let counted = (0..256).filter(|bit| compared.differs(*bit)).count();
        assert_eq!(counted, 131);
        hash.flip(7);
        assert_eq!(hash.flipped, None);
        assert_eq!(hash.compared().differing(), 0);
    }

    #[test]
    fn typing_compares_with_the_text_before() {
        let mut hash = Hash::default();
        hash.type_text("Tabchains");
        assert_eq!((hash.before.as_str(), hash.flipped), ("Tabchain", None));
        assert!(hash.compared().differing() > 80);
        hash.type_text(&"你".repeat(LONGEST));
        assert_eq!(hash.text.len(), LONGEST);
        hash.type_text("");
        hash.flip(0);
        assert_eq!((hash.flipped, hash.last_byte()), (None, None));
    }

    #[test]
    fn a_link_keeps_the_whole_state() {
        let mut hash = Hash::default();
        for text in ["a&b=c %41~", "", "链 🔗"] {
            hash.type_text(text);
            hash.flip(3);
            (hash.zeros, hash.runs) = (MOST_ZEROS, 100);
            let back = Hash::read(&Query::of(&hash.write())).expect("its own link");
            let before = if hash.flipped.is_some() {
                &back.before
            } else {
                &hash.before
            };
            assert_eq!(
                back,
                Hash {
                    before: before.clone(),
                    ..hash.clone()
                }
            );
        }
    }

    #[test]
    fn hostile_links_are_refused_by_name() {
        let fault = |query: &str| Hash::read(&Query::of(query)).err();
        for (key, value) in [
            ("bit", "8"),
            ("zeros", "0"),
            ("zeros", "6"),
            ("runs", "1000000"),
            ("text", "~ff"),
        ] {
            let expected = Fault::BadValue(key, value.into());
            assert_eq!(fault(&format!("{key}={value}")), Some(expected));
        }
        let long = "a".repeat(LONGEST + 1);
        assert_eq!(
            fault(&format!("text={long}")),
            Some(Fault::BadValue("text", long))
        );
    }
}
