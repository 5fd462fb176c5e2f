// One worker of the bench: hashes 80-byte headers twice with SHA-256, each time with the next
// nonce, the way a JavaScript program would do it with each library.

import init, { kernel } from "/wasm/bench_wasm.js";
import { createSHA256, sha256 as hashWasm } from "/node_modules/hash-wasm/dist/index.esm.min.js";
import { sha256 as noble } from "/node_modules/@noble/hashes/sha2.js";

const GENESIS =
  "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e" +
  "67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c";
const GENESIS_NONCE = 2083236893;
const GENESIS_HASH = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";

// The fastest there is: the browser's own, else by hand.
const bytesOf = Uint8Array.fromHex
  ? (hex) => Uint8Array.fromHex(hex)
  : (hex) => Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));

const header = bytesOf(GENESIS);
const nonceOf = new DataView(header.buffer);
const NEVER = new Uint8Array(32); // a target that no hash meets

await init();
const hasher = await createSHA256();

// Each hashes the header as it stands.
const hashes = {
  // As its manual begins: a function that promises hex.
  "hash-wasm": async () => bytesOf(await hashWasm(bytesOf(await hashWasm(header)))),
  // As its manual advises for many small inputs: one instance, used again and again, bytes out.
  "hash-wasm, one reused hasher": () => {
    const once = hasher.init().update(header).digest("binary");
    return hasher.init().update(once).digest("binary");
  },
  "@noble/hashes": () => noble(noble(header)),
  "crypto.subtle": async () => {
    const once = await crypto.subtle.digest("SHA-256", header);
    return new Uint8Array(await crypto.subtle.digest("SHA-256", once));
  },
};

// Each hashes a batch of nonces from `start` on and returns how many it did.
const synchronous = (hash) => (start) => {
  for (let i = 0; i < 500; i++) {
    nonceOf.setUint32(76, start + i, true);
    hash();
  }
  return 500;
};
const oneByOne = (hash) => async (start) => {
  for (let i = 0; i < 200; i++) {
    nonceOf.setUint32(76, start + i, true);
    await hash();
  }
  return 200;
};
// The browser's digests run on other threads: keep many under way, which is as fast as they get.
// The input is copied when a digest is asked for, so the header may change at once.
const together = (hash) => async (start) => {
  const all = [];
  for (let i = 0; i < 200; i++) {
    nonceOf.setUint32(76, start + i, true);
    all.push(hash());
  }
  await Promise.all(all);
  return 200;
};
const contenders = {
  kernel: (start) => kernel(header, NEVER, start, 1 << 15)[0],
  "hash-wasm": oneByOne(hashes["hash-wasm"]),
  "hash-wasm, one reused hasher": synchronous(hashes["hash-wasm, one reused hasher"]),
  "@noble/hashes": synchronous(hashes["@noble/hashes"]),
  "crypto.subtle": together(hashes["crypto.subtle"]),
};

const display = (hash) => [...hash].reverse().map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function check() {
  for (const [name, hash] of Object.entries(hashes)) {
    nonceOf.setUint32(76, GENESIS_NONCE, true);
    const got = display(await hash());
    if (got !== GENESIS_HASH) throw new Error(`${name} hashes the genesis block to ${got}`);
  }
  const target = bytesOf(GENESIS_HASH).reverse();
  const got = [...kernel(header, target, GENESIS_NONCE - 5000, 10000)];
  if (got.join() !== `10000,${GENESIS_NONCE}`) throw new Error(`the kernel finds ${got}`);
}

async function measure(what, ms) {
  const now = () => performance.timeOrigin + performance.now();
  const batch = contenders[what];
  const begin = now();
  let [end, done, start] = [begin, 0, 0];
  while (end - begin < ms) {
    const did = batch(start);
    done += typeof did === "number" ? did : await did;
    start = (start + (1 << 15)) >>> 0;
    end = now();
  }
  return { hashes: done, begin, end };
}

onmessage = async ({ data: { what, ms } }) => {
  try {
    postMessage(what === "check" ? (await check(), {}) : await measure(what, ms));
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
postMessage("ready");
