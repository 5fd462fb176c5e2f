// Rooms and the messages on their channel, according to the documented formats:
// implemented here a second time on purpose, so that a test does not ask the
// code under test what is right.
import { createHash, randomBytes } from "node:crypto";
import { schnorr } from "@noble/curves/secp256k1.js";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
export const sha256d = (bytes) => sha256(sha256(bytes));

// Targets, with the expected tries for one block.
export const BITS = {
  trivial: "207fffff", // 2
  quick: "1f00ffff", // 65 thousand
  brisk: "1e0fffff", // a million
  steady: "1e00ffff", // 16 million
};

// A room whose target does not change during a test. No test waits for the long
// spacing; it only lets block times run ahead of the clock, as they must when
// many blocks are found in a second.
export function room(name, { spacing = 3600, bits = BITS.quick, window = 2016, halving = 210000 } = {}) {
  const rules = `room=${name}&spacing=${spacing}&bits=${bits}&window=${window}&halving=${halving}`;
  return {
    name,
    rules,
    hash: `#/live?${rules}`,
    id: sha256(Buffer.from(`tabchain/room/1 ${rules}`)).subarray(0, 16),
  };
}

// The names that a deployment's tabs use; `address` is the page's.
export function names(address) {
  const folder = new URL(address).pathname.replace(/[^/]*$/, "");
  const lock = (rest) => `tabchain:1:${folder}:${rest}`;
  return {
    identitiesLock: lock("identities"),
    defaultRoomLock: lock("default-room"),
    seatLock: (seat) => lock(`seat:${seat}`),
    tabLock: (of, tab) => lock(`tab:${of.id.toString("hex")}:${tab.toString("hex")}`),
    channel: (of) => `tabchain:1:${folder}:room:${of.id.toString("hex")}`,
    database: (of) => `tabchain:1:${folder}:room:${of.id.toString("hex")}`,
    power: `tabchain:1:${folder}:power:2`,
    setting: (key) => `tabchain:${folder}:${key}`,
  };
}

const KINDS = { packet: 0, heartbeat: 1, command: 2 };

// An envelope; any part can be made wrong.
export function envelope(of, {
  magic = "TC", version = 5, kind = "packet", room: id = of.id, channel = 0,
  sender = Buffer.alloc(32, 7), recipient = null, flag = recipient ? 1 : 0,
  sequence = 0n, payload = Buffer.alloc(0), length = payload.length,
} = {}) {
  const numbers = Buffer.alloc(12);
  numbers.writeBigUInt64LE(sequence, 0);
  numbers.writeUInt32LE(length, 8);
  return Buffer.concat([
    Buffer.from(magic), Buffer.from([version, KINDS[kind] ?? kind]), id, Buffer.from([channel]),
    sender, Buffer.from([flag]), recipient ?? Buffer.alloc(0), numbers, payload,
  ]);
}

// A number as `postcard` writes it: seven bits per byte, lowest first.
export function varint(number) {
  const bytes = [];
  let rest = BigInt(number);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

// The heartbeat of a tab without nodes.
export function heartbeat({
  label = 9, bye = false, online = true, mining = false, rate = 0,
  generation: { stamp, current, undo = null } = { stamp: 0, current: 0 },
} = {}) {
  const none = Buffer.from([0]);
  return Buffer.concat([
    varint(label), Buffer.from([bye, online, mining]), varint(rate),
    varint(stamp), varint(current), undo === null ? none : Buffer.concat([Buffer.from([1]), varint(undo)]),
    none, none, // nodes and branches
  ]);
}

// BIP340's tagged hash.
const taggedHash = (tag, bytes) => sha256(Buffer.concat([sha256(tag), sha256(tag), bytes]));

// An invented tab: its id, and a function that signs what it says. `sequence` and `sender` can be made
// wrong.
export function inventedTab(of) {
  const secret = randomBytes(32);
  const key = Buffer.from(schnorr.getPublicKey(secret));
  const id = taggedHash("Tabchain/PeerId", key);
  let said = 0n;
  const say = (kind, payload, { sequence = ++said, sender = id } = {}) => {
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(sequence);
    const message = Buffer.concat([Buffer.from("tabchain/said/1 "), of.id, number, Buffer.from(`${kind} `), payload]);
    const signed = Buffer.concat([key, schnorr.sign(message, secret), payload]);
    return envelope(of, { kind, sender, sequence, payload: signed });
  };
  return { id, say };
}

// Decodes an overheard envelope: its kind, sender, number and payload and, of a heartbeat, whether it
// is a goodbye and whether the tab is online.
export function overheard(bytes) {
  const [kind] = Object.entries(KINDS).find(([, number]) => number === bytes[3]);
  const at = 21 + 32 + (bytes[53] ? 33 : 1);
  const payload = bytes.subarray(at + 12);
  const said = { bytes, kind, sender: bytes.subarray(21, 53), sequence: bytes.readBigUInt64LE(at), payload };
  if (kind !== "heartbeat") return said;
  const [, bye, online] = payload.subarray(32 + 64); // labels are below 128
  return { ...said, bye: bye === 1, online: online === 1 };
}

// A tab's announcement that it wants a share of the mining power.
export function announcement({ tab, mining = true, workers = 1, duty = 50, time = 0n }) {
  const bytes = Buffer.alloc(28);
  bytes.set([2, mining ? 1 : 0, workers, duty]);
  bytes.writeBigUInt64LE(tab, 4);
  bytes.writeBigUInt64LE(time, 12);
  bytes.writeBigUInt64LE(tab, 20);
  return bytes;
}

// The six fields of a header.
export function header(hex) {
  const bytes = Buffer.from(hex, "hex");
  const shown = (from) => Buffer.from(bytes.subarray(from, from + 32)).reverse().toString("hex");
  return {
    length: bytes.length,
    hash: sha256d(bytes).reverse().toString("hex"),
    version: bytes.readInt32LE(0),
    parent: shown(4),
    merkleRoot: shown(36),
    time: bytes.readUInt32LE(68),
    bits: bytes.readUInt32LE(72),
    nonce: bytes.readUInt32LE(76),
  };
}
