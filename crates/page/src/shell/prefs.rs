//! Preferences that the browser remembers.

use chain::PeerId;
use kit::store::Store;
use web_sys::Window;
use wire::Power;

/// How many rooms are remembered.
const ROOMS: usize = 6;

/// The preferences.
#[derive(Clone)]
pub struct Prefs(Store);

impl Prefs {
    /// Opens whatever stores the browser provides.
    pub fn open(window: &Window, deployment: &str) -> Self {
        Self(Store::open(window, deployment))
    }

    /// The identities that this tab's nodes had before a reload.
    pub fn identities(&self) -> Vec<PeerId> {
        let saved = self.0.of_tab("identities").unwrap_or_default();
        let ids = saved.split(' ').filter_map(|id| id.parse().ok());
        ids.take(16).collect()
    }

    /// Remembers the identities for a reload.
    pub fn keep_identities(&self, ids: &[PeerId]) {
        let ids: Vec<String> = ids.iter().map(|id| format!("{id:x}")).collect();
        self.0.keep_of_tab("identities", &ids.join(" "));
    }

    /// The last used power.
    pub fn power(&self) -> Option<Power> {
        let saved = self.0.word("power")?;
        let (workers, duty) = saved.split_once(' ')?;
        let power = Power {
            workers: workers.parse().ok()?,
            duty: duty.parse().ok()?,
        };
        power.is_sane().then_some(power)
    }

    /// Remembers the power.
    pub fn keep_power(&self, power: Power) {
        self.0
            .keep_word("power", &format!("{} {}", power.workers, power.duty));
    }

    /// Links of the rooms that were open in this browser, most recent first.
    pub fn rooms(&self) -> Vec<String> {
        let saved = self.0.word("rooms").unwrap_or_default();
        saved
            .split(' ')
            .filter(|link| !link.is_empty())
            .take(ROOMS)
            .map(str::to_owned)
            .collect()
    }

    /// Moves a room's link to the front of that list.
    pub fn keep_room(&self, link: &str) {
        let mut rooms = self.rooms();
        rooms.retain(|other| other != link);
        rooms.insert(0, link.to_owned());
        rooms.truncate(ROOMS);
        self.0.keep_word("rooms", &rooms.join(" "));
    }

    /// A short word such as the language or the theme.
    pub fn word(&self, key: &str) -> Option<String> {
        self.0.word(key)
    }

    /// Remembers such a word.
    pub fn keep_word(&self, key: &str, value: &str) {
        self.0.keep_word(key, value);
    }
}
