//! How nodes' keys become names in a database.
//!
//! A name starts with the generation of its chain, so that a whole chain can be put away and
//! deleted.

use chain::PeerId;

use super::Name;

/// The prefix of everything of a generation.
#[must_use]
pub fn generation(generation: u32) -> Name {
    generation.to_be_bytes().to_vec()
}

/// The generation that a name belongs to.
#[must_use]
pub fn generation_of(name: &[u8]) -> Option<u32> {
    name.first_chunk().map(|number| u32::from_be_bytes(*number))
}

/// The name of a shared value.
#[must_use]
pub fn shared(generation: u32, name: &[u8]) -> Name {
    [&generation.to_be_bytes()[..], name].concat()
}

/// The prefix of all own values of a node.
#[must_use]
pub fn of_node(generation: u32, node: &PeerId) -> Name {
    [&generation.to_be_bytes()[..], node.as_bytes()].concat()
}

/// The node whose own value has this name.
#[must_use]
pub fn node_of(name: &[u8]) -> Option<PeerId> {
    let (_, rest) = name.split_first_chunk::<4>()?;
    rest.first_chunk().map(|id| PeerId::from_bytes(*id))
}

/// The name of an own value. The node's name for it follows its length, so that no name is a prefix
/// of another; the zeros at the end are in every existing database.
#[must_use]
pub fn own(generation: u32, node: &PeerId, name: &[u8]) -> Name {
    let length = u16::try_from(name.len())
        .expect("nodes' names are short")
        .to_be_bytes();
    [&of_node(generation, node)[..], &length, name, &[0; 4]].concat()
}

/// The node's name for an own value; `None` for a name that this module did not make.
#[must_use]
pub fn parse_own(full: &[u8]) -> Option<&[u8]> {
    let rest = full.get(4 + 32..)?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (name, number) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    (number == [0; 4]).then_some(name)
}

/// The name under which a node's damaged own values are put aside.
#[must_use]
pub fn aside(generation: u32, node: &PeerId) -> Name {
    [&b"aside/"[..], &of_node(generation, node)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_values_know_their_name() {
        let node = PeerId::from_bytes([3; 32]);
        let name = own(7, &node, b"log");
        assert!(name.starts_with(&of_node(7, &node)) && name.starts_with(&generation(7)));
        assert_eq!(parse_own(&name), Some(&b"log"[..]));
        for cut in 0..name.len() {
            assert_eq!(parse_own(&name[..cut]), None);
        }
    }
}
