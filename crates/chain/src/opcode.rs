//! The codes of a script's operations that have a meaning here. Codes below [`OP_PUSHDATA1`] push as many
//! bytes as they say.

/// Pushes the empty string, which is also the number 0.
pub(crate) const OP_0: u8 = 0x00;
/// Pushes as many bytes as the next byte says.
pub(crate) const OP_PUSHDATA1: u8 = 0x4c;
/// Like [`OP_PUSHDATA1`], with a length of two bytes.
pub(crate) const OP_PUSHDATA2: u8 = 0x4d;
/// Like [`OP_PUSHDATA1`], with a length of four bytes.
pub(crate) const OP_PUSHDATA4: u8 = 0x4e;
/// Pushes the number 1; the next 15 push 2 to 16.
pub(crate) const OP_1: u8 = 0x51;
/// Pushes the number 16.
pub(crate) const OP_16: u8 = 0x60;
pub(crate) const OP_IF: u8 = 0x63;
pub(crate) const OP_ELSE: u8 = 0x67;
pub(crate) const OP_ENDIF: u8 = 0x68;
/// Ends a script in failure: nobody can spend what is paid to one that begins so.
pub(crate) const OP_RETURN: u8 = 0x6a;
pub(crate) const OP_DROP: u8 = 0x75;
pub(crate) const OP_DUP: u8 = 0x76;
pub(crate) const OP_EQUALVERIFY: u8 = 0x88;
pub(crate) const OP_SHA256: u8 = 0xa8;
pub(crate) const OP_HASH160: u8 = 0xa9;
/// Does nothing but say where the signed part of a script begins.
pub(crate) const OP_CODESEPARATOR: u8 = 0xab;
pub(crate) const OP_CHECKSIG: u8 = 0xac;
pub(crate) const OP_CHECKSIGVERIFY: u8 = 0xad;
pub(crate) const OP_CHECKMULTISIG: u8 = 0xae;
pub(crate) const OP_CHECKMULTISIGVERIFY: u8 = 0xaf;
pub(crate) const OP_CHECKLOCKTIMEVERIFY: u8 = 0xb1;

/// The operation that pushes a number from 1 to 16.
pub(crate) fn small(number: u8) -> u8 {
    OP_1 - 1 + number
}

/// The number from 1 to 16 that an operation pushes, if it does.
pub(crate) fn small_number(code: u8) -> Option<u8> {
    (OP_1..=OP_16).contains(&code).then(|| code - OP_1 + 1)
}
