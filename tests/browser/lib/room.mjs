// Rooms and what crosses their channel, as the documented formats say: written
// here a second time on purpose, so that a test does not ask the code under
// test what is right.
import { createHash } from "node:crypto";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
export const sha256d = (bytes) => sha256(sha256(bytes));

// Expected tries for one block.
export const BITS = {
  trivial: "207fffff", // 2
  quick: "1f00ffff", // 65 thousand
  brisk: "1e0fffff", // a million
  steady: "1e00ffff", // 16 million
};

// A room whose target does not change during a test. The long spacing is not
// waited for; it only lets block times run ahead of the clock, which they must
// when many blocks are found in a second.
export function room(name, { spacing = 3600, bits = BITS.quick, window = 2016, halving = 210000 } = {}) {
  const rules = `room=${name}&spacing=${spacing}&bits=${bits}&window=${window}&halving=${halving}`;
  return {
    name,
    rules,
    hash: `#/live?${rules}`,
    id: sha256(Buffer.from(`tabchain/room/1 ${rules}`)).subarray(0, 16),
  };
}

// What the tabs of a deployment call things; `address` is the page's.
export function names(address) {
  const folder = new URL(address).pathname.replace(/[^/]*$/, "");
  return {
    channel: (of) => `tabchain:1:${folder}:room:${of.id.toString("hex")}`,
    database: (of) => `tabchain:1:${folder}:room:${of.id.toString("hex")}`,
    power: `tabchain:1:${folder}:power:2`,
    setting: (key) => `tabchain:${folder}:${key}`,
  };
}

const KINDS = { packet: 0, heartbeat: 1, command: 2 };

// An envelope; each part can be made wrong.
export function envelope(of, {
  magic = "TC", version = 2, kind = "packet", room: id = of.id, channel = 0,
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

// A tab's sign of life without nodes, all values below 128: `postcard` writes
// each as one byte.
export function heartbeat({ label = 9, mining = 0, rate = 0 } = {}) {
  return Buffer.from([label, 0, 1, mining, rate, 0, 0, 0, 0, 0]);
}

// The announcement of a tab that wants a share of the mining power.
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
