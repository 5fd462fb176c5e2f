// Measures how fast signatures are verified in wasm, beside libsecp256k1 compiled to wasm and beside JavaScript,
// in turns, in one run. Called by `cargo xtask bench sig`, which builds what is measured.
//
//   node sig.mjs --wasm FOLDER [--rounds N] [--ms N] [--json FILE]

import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { schnorr as nobleSchnorr, secp256k1 as nobleEcdsa } from "@noble/curves/secp256k1.js";
import * as tiny from "tiny-secp256k1";

const SAMPLES = 64;
const TURNS = 4;
const GOALS = { "tiny-secp256k1": 0.9, "@noble/curves": 5 };

const { values: options } = parseArgs({
  options: {
    wasm: { type: "string" },
    rounds: { type: "string", default: "7" },
    ms: { type: "string", default: "400" },
    json: { type: "string" },
  },
});
const ours = createRequire(import.meta.url)(join(options.wasm, "bench_sig_wasm.js"));

/** Bytes that are the same in each run. */
function bytes(seed) {
  let state = seed + 1;
  return Uint8Array.from({ length: 32 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

function sample(number) {
  const [secret, message] = [bytes(number), bytes(number + 1000)];
  const compact = tiny.sign(message, secret);
  return {
    message,
    x: tiny.xOnlyPointFromScalar(secret),
    point: tiny.pointFromScalar(secret, true),
    schnorr: tiny.signSchnorr(message, secret),
    compact,
    der: nobleEcdsa.Signature.fromBytes(compact, "compact").toBytes("der"),
  };
}

const ECDSA = { prehash: false, format: "compact" };
const WAYS = {
  schnorr: {
    tabchain: (s) => ours.schnorr(s.message, s.x, s.schnorr),
    "tiny-secp256k1": (s) => tiny.verifySchnorr(s.message, s.x, s.schnorr),
    "@noble/curves": (s) => nobleSchnorr.verify(s.schnorr, s.message, s.x),
  },
  ecdsa: {
    tabchain: (s) => ours.ecdsa(s.message, s.point, s.der),
    "tiny-secp256k1": (s) => tiny.verify(s.message, s.point, s.compact),
    "@noble/curves": (s) => nobleEcdsa.verify(s.compact, s.message, s.point, ECDSA),
  },
};

/** Everybody takes what is signed, and nothing that was not. */
function agree(samples) {
  for (const [kind, ways] of Object.entries(WAYS)) {
    for (const [name, verify] of Object.entries(ways)) {
      for (const good of samples) {
        const bad = { ...good, message: bytes(77_777) };
        if (!verify(good) || verify(bad)) throw new Error(`${name} is wrong about a signature of ${kind}`);
      }
    }
  }
}

/** Verifications a second. */
function measure(verify, samples, ms) {
  const start = performance.now();
  let [count, now] = [0, start];
  while (now - start < ms) {
    verify(samples[count++ % samples.length]);
    now = performance.now();
  }
  return (count * 1000) / (now - start);
}

function round(samples, ms) {
  const rates = {};
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [kind, ways] of Object.entries(WAYS)) {
      for (const [name, verify] of Object.entries(ways)) {
        ((rates[kind] ??= {})[name] ??= []).push(measure(verify, samples, ms / TURNS));
      }
    }
  }
  const mean = (turns) => turns.reduce((sum, rate) => sum + rate, 0) / turns.length;
  const means = (ways) => Object.fromEntries(Object.entries(ways).map(([name, turns]) => [name, mean(turns)]));
  return Object.fromEntries(Object.entries(rates).map(([kind, ways]) => [kind, means(ways)]));
}

function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { min: sorted[0], median, max: sorted.at(-1) };
}

const samples = Array.from({ length: SAMPLES }, (_, number) => sample(number));
agree(samples);
const [count, ms] = [Number(options.rounds), Number(options.ms)];
if (!(count >= 5 && ms >= 40)) throw new Error("at least 5 rounds, of at least 40 ms for each");
round(samples, ms); // warms up the compilers
const rounds = Array.from({ length: count }, () => round(samples, ms));
const cell = (value, digits) => value.toFixed(digits).padStart(9);
console.log(`Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model}, load ${loadavg()[0].toFixed(2)}`);
console.log(`${"ratio".padEnd(40)}      min   median      max     goal`);
for (const [kind, ways] of Object.entries(WAYS)) {
  for (const name of Object.keys(ways).filter((name) => name in GOALS)) {
    const { min, median, max } = spread(rounds.map((r) => r[kind].tabchain / r[kind][name]));
    console.log(`${`${kind}: tabchain / ${name}`.padEnd(40)}${cell(min, 2)}${cell(median, 2)}${cell(max, 2)}${cell(GOALS[name], 1)}`);
  }
}
console.log(`${"verifications a second".padEnd(40)}      min   median      max`);
for (const [kind, ways] of Object.entries(WAYS)) {
  for (const name of Object.keys(ways)) {
    const { min, median, max } = spread(rounds.map((r) => r[kind][name]));
    console.log(`${`${kind}: ${name}`.padEnd(40)}${cell(min, 0)}${cell(median, 0)}${cell(max, 0)}`);
  }
}
if (options.json) await writeFile(options.json, `${JSON.stringify({ rounds }, null, 1)}\n`);
