//! What the browser remembers for one tab or for all tabs. Everything works without it: storage may
//! be refused, full, or contain anything at all.

use web_sys::{Storage, Window};

/// The two stores. Every key contains the deployment's path, because one origin may host several.
#[derive(Clone)]
pub struct Store {
    tab: Option<Storage>,
    browser: Option<Storage>,
    prefix: String,
}

impl Store {
    /// Opens whatever stores the browser provides.
    pub fn open(window: &Window, deployment: &str) -> Self {
        Self {
            tab: window.session_storage().ok().flatten(),
            browser: window.local_storage().ok().flatten(),
            prefix: format!("tabchain:{deployment}:"),
        }
    }

    /// What is remembered for this tab.
    pub fn of_tab(&self, key: &str) -> Option<String> {
        self.get(self.tab.as_ref(), key)
    }

    /// Remembers a text for this tab.
    pub fn keep_of_tab(&self, key: &str, value: &str) {
        self.set(self.tab.as_ref(), key, value);
    }

    /// What is remembered for all tabs.
    pub fn word(&self, key: &str) -> Option<String> {
        self.get(self.browser.as_ref(), key)
    }

    /// Remembers a text for all tabs.
    pub fn keep_word(&self, key: &str, value: &str) {
        self.set(self.browser.as_ref(), key, value);
    }

    fn get(&self, store: Option<&Storage>, key: &str) -> Option<String> {
        let key = format!("{}{key}", self.prefix);
        store?.get_item(&key).ok().flatten()
    }

    fn set(&self, store: Option<&Storage>, key: &str, value: &str) {
        if let Some(store) = store {
            // If it is refused or full, the next visit starts from the defaults.
            let _ = store.set_item(&format!("{}{key}", self.prefix), value);
        }
    }
}

/// The path of the deployment: the folder that contains the page.
pub fn deployment(pathname: &str) -> String {
    pathname
        .rsplit_once('/')
        .map_or("/", |(folder, _)| folder)
        .to_owned()
        + "/"
}

#[cfg(test)]
mod tests {
    #[test]
    fn deployments_are_folders() {
        assert_eq!(super::deployment("/"), "/");
        assert_eq!(super::deployment("/index.html"), "/");
        assert_eq!(super::deployment("/a/b/index.html"), "/a/b/");
        assert_eq!(super::deployment("/a/b/"), "/a/b/");
    }
}
