//! Preferences that the browser remembers for one tab or for all tabs. Everything works without
//! them: storage may be refused, full, or contain anything at all.

use chain::PeerId;
use web_sys::{Storage, Window};
use wire::Power;

/// How many rooms are remembered.
const ROOMS: usize = 6;

/// The two stores. Every key contains the deployment's path, because one origin may host several.
#[derive(Clone)]
pub struct Prefs {
    tab: Option<Storage>,
    browser: Option<Storage>,
    prefix: String,
}

impl Prefs {
    /// Opens whatever stores the browser provides.
    pub fn open(window: &Window, deployment: &str) -> Self {
        Self {
            tab: window.session_storage().ok().flatten(),
            browser: window.local_storage().ok().flatten(),
            prefix: format!("tabchain:{deployment}:"),
        }
    }

    /// The identities that this tab's nodes had before a reload.
    pub fn identities(&self) -> Vec<PeerId> {
        let saved = self.get(&self.tab, "identities").unwrap_or_default();
        let ids = saved.split(' ').filter_map(|id| id.parse().ok());
        ids.take(16).collect()
    }

    /// Remembers the identities for a reload.
    pub fn keep_identities(&self, ids: &[PeerId]) {
        let ids: Vec<String> = ids.iter().map(|id| format!("{id:x}")).collect();
        self.set(&self.tab, "identities", &ids.join(" "));
    }

    /// The last used power.
    pub fn power(&self) -> Option<Power> {
        let saved = self.get(&self.browser, "power")?;
        let (workers, duty) = saved.split_once(' ')?;
        let power = Power {
            workers: workers.parse().ok()?,
            duty: duty.parse().ok()?,
        };
        power.is_sane().then_some(power)
    }

    /// Remembers the power.
    pub fn keep_power(&self, power: Power) {
        self.set(
            &self.browser,
            "power",
            &format!("{} {}", power.workers, power.duty),
        );
    }

    /// Links of the rooms that were open in this browser, most recent first.
    pub fn rooms(&self) -> Vec<String> {
        let saved = self.get(&self.browser, "rooms").unwrap_or_default();
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
        self.set(&self.browser, "rooms", &rooms.join(" "));
    }

    /// A short word such as the language or the theme.
    pub fn word(&self, key: &str) -> Option<String> {
        self.get(&self.browser, key)
    }

    /// Remembers such a word.
    pub fn keep_word(&self, key: &str, value: &str) {
        self.set(&self.browser, key, value);
    }

    fn get(&self, store: &Option<Storage>, key: &str) -> Option<String> {
        store
            .as_ref()?
            .get_item(&format!("{}{key}", self.prefix))
            .ok()
            .flatten()
    }

    fn set(&self, store: &Option<Storage>, key: &str, value: &str) {
        if let Some(store) = store {
            // If it is refused or full, the next visit starts from the defaults.
            let _ = store.set_item(&format!("{}{key}", self.prefix), value);
        }
    }
}
