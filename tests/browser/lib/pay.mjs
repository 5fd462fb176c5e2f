// Addresses and signed payments, according to BIP173, BIP341, BIP350 and the documented rule that in a room
// signatures cover its genesis block: implemented here a second time on purpose, so that a test does not ask
// the code under test what is right.
import { createHash } from "node:crypto";
import { schnorr } from "@noble/curves/secp256k1.js";

const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const tagged = (tag, ...parts) => {
  const name = sha256(Buffer.from(tag));
  return sha256(name, name, ...parts);
};

const DIGITS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

function polymod(values) {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  return values.reduce((sum, value) => {
    const top = sum >>> 25;
    const next = ((sum & 0x1ffffff) << 5) ^ value;
    return generators.reduce((all, generator, bit) => ((top >>> bit) & 1 ? all ^ generator : all), next);
  }, 1);
}

// Eight bits at a time to five.
function fives(bytes) {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.match(/.{1,5}/g).map((five) => parseInt(five.padEnd(5, "0"), 2));
}

// A taproot address of a key that is not tweaked: how identities are paid.
function addressOf(key) {
  const prefix = "tab";
  const data = [1, ...fives(key)];
  const spread = [...prefix].map((c) => c.charCodeAt(0));
  const head = [...spread.map((c) => c >> 5), 0, ...spread.map((c) => c & 31)];
  const check = polymod([...head, ...data, 0, 0, 0, 0, 0, 0]) ^ 0x2bc830a3;
  const sum = [5, 4, 3, 2, 1, 0].map((place) => (check >>> (5 * place)) & 31);
  return `${prefix}1${[...data, ...sum].map((five) => DIGITS[five]).join("")}`;
}

// A key that a test made up, and what it is paid by.
export function purse(byte) {
  const secret = Buffer.alloc(32, byte);
  const key = Buffer.from(schnorr.getPublicKey(secret));
  return { secret, address: addressOf(key), script: Buffer.concat([Buffer.from([0x51, 0x20]), key]) };
}

const u32 = (number) => { const out = Buffer.alloc(4); out.writeUInt32LE(number); return out; };
const u64 = (number) => { const out = Buffer.alloc(8); out.writeBigUInt64LE(BigInt(number)); return out; };
const sized = (bytes) => Buffer.concat([Buffer.from([bytes.length]), bytes]);
const reversed = (hex) => Buffer.from(hex, "hex").reverse();

// A signed payment of one coin of a purse: [address's script, amount] pairs. Genesis as hashes are shown.
export function payment(genesis, from, coin, outputs) {
  const version = u32(2);
  const sequence = u32(0xfffffffd);
  const outpoint = Buffer.concat([reversed(coin.txid), u32(coin.vout)]);
  const paid = Buffer.concat(outputs.map(([to, amount]) => Buffer.concat([u64(amount), sized(to.script)])));
  const message = Buffer.concat([
    Buffer.from([0, 0]), version, u32(0),
    sha256(outpoint), sha256(u64(coin.amount)), sha256(sized(from.script)), sha256(sequence), sha256(paid),
    Buffer.from([0]), u32(0),
  ]);
  const hash = tagged("Tabchain/TapSighash", reversed(genesis), message);
  const signature = Buffer.from(schnorr.sign(hash, from.secret, Buffer.alloc(32)));
  const body = Buffer.concat([Buffer.from([1]), outpoint, Buffer.from([0]), sequence, Buffer.from([outputs.length]), paid]);
  const stripped = Buffer.concat([version, body, u32(0)]);
  const whole = Buffer.concat([version, Buffer.from([0, 1]), body, Buffer.from([1]), sized(signature), u32(0)]);
  return { hex: whole.toString("hex"), txid: sha256(sha256(stripped)).reverse().toString("hex") };
}
