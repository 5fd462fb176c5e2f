//! A signed message, of which one bit of each part may be altered.

use chain::keys::{PublicKey, SecretKey, Signature};

use crate::link::{Fault, Query, Writer};
use crate::room::State;
use crate::route::Room;

/// The longest message, in bytes of UTF-8.
pub const LONGEST: usize = 120;

/// What takes part in verifying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The message.
    Message,
    /// The public key.
    Key,
    /// The signature.
    Signature,
}

impl Part {
    /// All parts, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Message, Self::Key, Self::Signature];

    /// Its name in links and marks.
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Key => "key",
            Self::Signature => "signature",
        }
    }
}

/// A bit of a part, counted from the first byte's most significant one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alteration {
    /// Which bit.
    pub place: u16,
    /// Whether it is altered.
    pub on: bool,
}

/// What verifying says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is no signature yet.
    Unsigned,
    /// The signature is this key's of this message.
    Holds,
    /// It is not.
    Fails,
    /// No point of the curve has the x coordinate that the key is.
    NotAKey,
}

impl Verdict {
    /// Its name in marks.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::NotAKey => "not-a-key",
        }
    }
}

/// The room's state. The secret key is no part of it: states go into links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The message.
    pub message: String,
    /// The public key.
    pub key: Option<[u8; 32]>,
    /// The signature, made for the message and key of its time.
    pub signature: Option<[u8; 64]>,
    /// What is altered of each of [`Part::ALL`].
    pub altered: [Alteration; 3],
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            message: "Ada pays Ben 2.5 coins".into(),
            key: None,
            signature: None,
            altered: [Alteration::default(); 3],
        }
    }
}

impl State for Keys {
    const ROOM: Room = Room::Keys;

    fn read(query: &Query) -> Result<Self, Fault> {
        let mut values = query.values()?;
        let message = values.text("message", LONGEST)?;
        let mut keys = Self {
            message: message.unwrap_or_else(|| Self::default().message),
            key: values.bytes("key")?,
            signature: values.bytes("signature")?,
            altered: [Alteration::default(); 3],
        };
        for (part, name) in
            Part::ALL
                .into_iter()
                .zip(["flip-message", "flip-key", "flip-signature"])
        {
            let most = (keys.bits(part) as u16).saturating_sub(1);
            if let Some(place) = values.number(name, 0, most)? {
                keys.altered[part as usize] = Alteration {
                    place,
                    on: keys.bits(part) > 0,
                };
            }
        }
        values.end()?;
        Ok(keys)
    }

    fn write(&self) -> String {
        let hex = |bytes: &[u8]| kit::numbers::hex(bytes);
        let mut writer = Writer::default()
            .text("message", &self.message)
            .maybe("key", self.key.map(|key| hex(&key)))
            .maybe("signature", self.signature.map(|bytes| hex(&bytes)));
        for part in Part::ALL {
            let Alteration { place, on } = self.altered[part as usize];
            if on {
                writer = writer.plain(&format!("flip-{}", part.name()), place);
            }
        }
        writer.done()
    }
}

impl Keys {
    /// How many bits a part has; none if it is not there.
    pub fn bits(&self, part: Part) -> usize {
        8 * match part {
            Part::Message => self.message.len(),
            Part::Key => self.key.map_or(0, |key| key.len()),
            Part::Signature => self.signature.map_or(0, |bytes| bytes.len()),
        }
    }

    /// A part's bytes as they are verified: with the altered bit, if one is.
    pub fn bytes(&self, part: Part) -> Vec<u8> {
        let mut bytes = match part {
            Part::Message => self.message.clone().into_bytes(),
            Part::Key => self.key.map(Vec::from).unwrap_or_default(),
            Part::Signature => self.signature.map(Vec::from).unwrap_or_default(),
        };
        let Alteration { place, on } = self.altered[part as usize];
        if let Some(byte) = bytes.get_mut(usize::from(place / 8)).filter(|_| on) {
            *byte ^= 0x80 >> (place % 8);
        }
        bytes
    }

    /// Changes the message; what is too long is cut at a character.
    pub fn type_message(&mut self, message: &str) {
        message[..message.floor_char_boundary(LONGEST)].clone_into(&mut self.message);
        let bits = self.bits(Part::Message);
        let altered = &mut self.altered[Part::Message as usize];
        if usize::from(altered.place) >= bits {
            *altered = Alteration::default();
        }
    }

    /// Takes the public key of a new pair; a signature of an old one stays, and does not hold.
    pub fn take_key(&mut self, key: &PublicKey) {
        self.key = Some(key.to_bytes());
        self.altered[Part::Key as usize].on = false;
    }

    /// Signs the message as it is typed; nothing is altered any more.
    pub fn sign(&mut self, secret: &SecretKey) {
        self.key = Some(secret.public_key().to_bytes());
        let signature = secret.sign(self.message.as_bytes());
        self.signature = Some(*signature.as_bytes());
        for altered in &mut self.altered {
            altered.on = false;
        }
    }

    /// Alters a part's bit, or puts it back.
    pub fn toggle(&mut self, part: Part) {
        if self.bits(part) > 0 {
            let altered = &mut self.altered[part as usize];
            altered.on = !altered.on;
        }
    }

    /// Chooses which bit of a part is altered.
    pub fn choose(&mut self, part: Part, place: u16) {
        if usize::from(place) < self.bits(part) {
            self.altered[part as usize].place = place;
        }
    }

    /// Verifies as anybody could: with the parts as they are now.
    pub fn verdict(&self) -> Verdict {
        if self.key.is_none() || self.signature.is_none() {
            return Verdict::Unsigned;
        }
        let key: Result<[u8; 32], _> = self.bytes(Part::Key).try_into();
        let signature: Result<[u8; 64], _> = self.bytes(Part::Signature).try_into();
        let (Ok(key), Ok(signature)) = (key, signature) else {
            return Verdict::Unsigned;
        };
        let Ok(key) = PublicKey::from_bytes(&key) else {
            return Verdict::NotAKey;
        };
        let message = self.bytes(Part::Message);
        match key.verify(&message, &Signature::from_bytes(signature)) {
            Ok(()) => Verdict::Holds,
            Err(_) => Verdict::Fails,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secret(byte: u8) -> SecretKey {
        SecretKey::from_bytes(&[byte; 32]).expect("below the order")
    }

    fn signed() -> Keys {
        let mut keys = Keys::default();
        assert_eq!(keys.verdict(), Verdict::Unsigned);
        keys.take_key(&secret(1).public_key());
        assert_eq!(keys.verdict(), Verdict::Unsigned);
        keys.sign(&secret(1));
        assert_eq!(keys.verdict(), Verdict::Holds);
        keys
    }

    #[test]
    fn another_message_or_key_fails() {
        let mut keys = signed();
        keys.type_message("Ada pays Ben 9.5 coins");
        assert_eq!(keys.verdict(), Verdict::Fails);
        let mut keys = signed();
        keys.take_key(&secret(2).public_key());
        assert_eq!(keys.verdict(), Verdict::Fails);
        keys.sign(&secret(2));
        assert_eq!(keys.verdict(), Verdict::Holds);
    }

    #[test]
    fn some_altered_keys_are_no_keys() {
        let mut keys = signed();
        keys.toggle(Part::Key);
        let verdicts: Vec<_> = (0..256)
            .map(|place| {
                keys.choose(Part::Key, place);
                keys.verdict()
            })
            .collect();
        assert!(verdicts.contains(&Verdict::NotAKey));
        assert!(verdicts.contains(&Verdict::Fails));
        assert!(!verdicts.contains(&Verdict::Holds));
    }

    #[test]
    fn an_empty_message_has_nothing_to_alter() {
        let mut keys = signed();
        keys.choose(Part::Message, 100);
        keys.toggle(Part::Message);
        keys.type_message("");
        assert_eq!(keys.altered[0], Alteration::default());
        keys.toggle(Part::Message);
        assert!(!keys.altered[0].on);
        keys.sign(&secret(1));
        assert_eq!(keys.verdict(), Verdict::Holds);
    }

    #[test]
    fn a_link_keeps_all_but_the_secret() {
        let mut keys = signed();
        keys.choose(Part::Signature, 511);
        keys.toggle(Part::Signature);
        let link = keys.write();
        assert_eq!(Keys::read(&Query::of(&link)), Ok(keys));
        assert!(link.len() < crate::link::LONGEST, "{}", link.len());
        let secret = kit::numbers::hex(&*secret(1).to_bytes());
        assert!(!link.contains(&secret));
    }

    #[test]
    fn hostile_links_are_refused_by_name() {
        let fault = |query: &str| Keys::read(&Query::of(query)).err();
        for (key, value) in [
            ("key", "00"),
            ("signature", "zz"),
            ("flip-message", "999"),
            ("flip-key", "1"), // there is no key
            ("message", "~c0"),
        ] {
            let expected = Fault::BadValue(key, value.into());
            assert_eq!(fault(&format!("{key}={value}")), Some(expected), "{key}");
        }
        assert_eq!(fault("secret=1"), Some(Fault::Stray("secret=1".into())));
        let no_point = "f".repeat(64);
        let signature = "0".repeat(128);
        let keys = Keys::read(&Query::of(&format!("key={no_point}&signature={signature}")));
        assert_eq!(keys.map(|keys| keys.verdict()), Ok(Verdict::NotAKey));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn one_bit_of_anything_breaks_it(part in 0usize..3, place in 0u16..512) {
            let mut keys = signed();
            let part = Part::ALL[part];
            keys.choose(part, place % keys.bits(part) as u16);
            keys.toggle(part);
            prop_assert_ne!(keys.verdict(), Verdict::Holds);
            keys.toggle(part);
            prop_assert_eq!(keys.verdict(), Verdict::Holds);
        }
    }
}
