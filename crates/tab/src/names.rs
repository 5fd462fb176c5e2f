//! What channels, locks and databases are called. All names carry the deployment's path, because
//! projects on one host share an origin, and the format's version, so that another version of
//! Tabchain lives beside this one and not in it.

use chain::PeerId;
use protocol::envelope::RoomId;

/// Version of everything stored or said under these names.
pub const FORMAT: u32 = 1;

/// Makes the names of one deployment.
#[derive(Clone, Debug)]
pub struct Names {
    prefix: String,
}

impl Names {
    /// Names for the deployment at this path, such as `/tabchain/`.
    #[must_use]
    pub fn new(deployment: &str) -> Self {
        Self {
            prefix: format!("tabchain:{FORMAT}:{deployment}"),
        }
    }

    /// The database of identities and of the room used last.
    #[must_use]
    pub fn browser_database(&self) -> String {
        format!("{}:browser", self.prefix)
    }

    /// The database of a room's chain.
    #[must_use]
    pub fn room_database(&self, room: RoomId) -> String {
        format!("{}:room:{}", self.prefix, hex(&room.0))
    }

    /// The channel on which a room's tabs talk.
    #[must_use]
    pub fn channel(&self, room: RoomId) -> String {
        format!("{}:room:{}", self.prefix, hex(&room.0))
    }

    /// The channel on which all tabs, whatever their room, say whether they mine.
    #[must_use]
    pub fn power_channel(&self) -> String {
        format!("{}:power:{}", self.prefix, pool::budget::POWER_VERSION)
    }

    /// Held while the list of identities is read and changed.
    #[must_use]
    pub fn identities_lock(&self) -> String {
        format!("{}:identities", self.prefix)
    }

    /// Held while the default room is made, so that tabs opened together share it.
    #[must_use]
    pub fn default_room_lock(&self) -> String {
        format!("{}:default-room", self.prefix)
    }

    /// Held by the tab that hosts the identity of this seat.
    #[must_use]
    pub fn seat_lock(&self, seat: u32) -> String {
        format!("{}:seat:{seat}", self.prefix)
    }

    /// Held by the tab that runs the server of this seat of the room.
    #[must_use]
    pub fn member_lock(&self, room: RoomId, seat: u32) -> String {
        format!("{}:member:{}:{seat}", self.prefix, hex(&room.0))
    }

    /// Held while a room's generation is read and changed.
    #[must_use]
    pub fn generation_lock(&self, room: RoomId) -> String {
        format!("{}:generation:{}", self.prefix, hex(&room.0))
    }

    /// Held by the tab that has this label.
    #[must_use]
    pub fn label_lock(&self, room: RoomId, label: u32) -> String {
        format!("{}:label:{}:{label}", self.prefix, hex(&room.0))
    }

    /// Held by a tab while it is in a room.
    #[must_use]
    pub fn tab_lock(&self, room: RoomId, tab: &PeerId) -> String {
        format!("{}{tab:x}", self.tab_lock_prefix(room))
    }

    /// The tab whose lock this is, if it is one of this room.
    #[must_use]
    pub fn tab_of_lock(&self, room: RoomId, lock: &str) -> Option<PeerId> {
        lock.strip_prefix(&self.tab_lock_prefix(room))?.parse().ok()
    }

    fn tab_lock_prefix(&self, room: RoomId) -> String {
        format!("{}:tab:{}:", self.prefix, hex(&room.0))
    }
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string cannot fail");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId([7; 16]);

    #[test]
    fn a_tabs_lock_names_the_tab_in_its_own_room_only() {
        let names = Names::new("/a/");
        let tab = PeerId::from_bytes([0xab; 32]);
        let lock = names.tab_lock(ROOM, &tab);
        assert_eq!(names.tab_of_lock(ROOM, &lock), Some(tab));
        assert_eq!(names.tab_of_lock(RoomId([8; 16]), &lock), None);
        assert_eq!(Names::new("/b/").tab_of_lock(ROOM, &lock), None);
        assert_eq!(names.tab_of_lock(ROOM, &lock[..lock.len() - 1]), None);
        assert_eq!(names.tab_of_lock(ROOM, "someone else's"), None);
    }

    #[test]
    fn deployments_of_one_origin_share_no_name() {
        let (a, b) = (Names::new("/a/"), Names::new("/b/"));
        assert_ne!(a.channel(ROOM), b.channel(ROOM));
        assert_ne!(a.room_database(ROOM), b.room_database(ROOM));
        assert_ne!(a.seat_lock(0), b.seat_lock(0));
        assert_ne!(a.browser_database(), b.browser_database());
    }
}
