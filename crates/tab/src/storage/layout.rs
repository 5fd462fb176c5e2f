//! How nodes' keys become names in a database, and large values pieces.
//!
//! A name starts with the generation of the chain that it belongs to, so that a reset can put a
//! whole chain away. Own values are kept in pieces, so that adding to a long one writes only its end.

use chain::PeerId;

use super::Name;

/// Bytes in a piece of an own value.
pub const PIECE: usize = 4096;

/// Everything of a generation.
#[must_use]
pub fn generation(generation: u32) -> Name {
    generation.to_be_bytes().to_vec()
}

/// A shared value.
#[must_use]
pub fn shared(generation: u32, name: &[u8]) -> Name {
    [&generation.to_be_bytes()[..], name].concat()
}

/// All own values of a node.
#[must_use]
pub fn of_node(generation: u32, node: &PeerId) -> Name {
    [&generation.to_be_bytes()[..], node.as_bytes()].concat()
}

/// A piece of an own value. The name's length comes first, so that no name is another's prefix.
#[must_use]
pub fn piece(generation: u32, node: &PeerId, name: &[u8], index: u32) -> Name {
    let length = u16::try_from(name.len())
        .expect("nodes' names are short")
        .to_be_bytes();
    [
        &of_node(generation, node)[..],
        &length,
        name,
        &index.to_be_bytes(),
    ]
    .concat()
}

/// Name and index of a piece; `None` for a name that this module did not make.
#[must_use]
pub fn parse_piece(full: &[u8]) -> Option<(&[u8], u32)> {
    let rest = full.get(4 + 32..)?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (name, index) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((name, u32::from_be_bytes(index.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_know_their_value() {
        let node = PeerId::from_bytes([3; 32]);
        let name = piece(7, &node, b"log", 9);
        assert!(name.starts_with(&of_node(7, &node)) && name.starts_with(&generation(7)));
        assert_eq!(parse_piece(&name), Some((&b"log"[..], 9)));
        for cut in 0..name.len() {
            assert_eq!(parse_piece(&name[..cut]), None);
        }
    }

    #[test]
    fn pieces_sort_by_number() {
        let node = PeerId::from_bytes([3; 32]);
        let names: Vec<_> = [0, 1, 255, 256, 65_536]
            .map(|n| piece(0, &node, b"a", n))
            .into();
        assert!(names.is_sorted());
    }
}
