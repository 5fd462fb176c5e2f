// Measures our kernel against others, in turns, in one run: in a worker of headless Chromium and
// natively. Called by `cargo xtask bench hash`, which builds what is measured.
//
//   node bench.mjs --native PROGRAM --wasm FOLDER [--dist FOLDER] [--rounds N] [--ms N] [--json FILE]

import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, extname, join, normalize, sep } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";

const HERE = dirname(fileURLToPath(import.meta.url));
const TYPES = { ".html": "text/html", ".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm" };
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const RIVALS = ["hash-wasm", "hash-wasm, one reused hasher", "@noble/hashes", "crypto.subtle"];
const KERNELS = ["kernel", "portable", "avx2", "avx512"];
const TURNS = 4;

const { values: options } = parseArgs({
  options: {
    native: { type: "string" },
    wasm: { type: "string" },
    dist: { type: "string" },
    rounds: { type: "string", default: "7" },
    ms: { type: "string", default: "400" },
    json: { type: "string" },
  },
});

/** Serves this folder, and the wasm below /wasm, on loopback alone. */
async function serve(wasm) {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    const [root, below] = path.startsWith("/wasm/") ? [wasm, path.slice(6)] : [HERE, path === "/" ? "index.html" : path];
    const file = normalize(join(root, below));
    try {
      if (!file.startsWith(normalize(root) + sep)) throw new Error("outside");
      const body = await readFile(file);
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return server;
}

/** The native program, asked a line at a time. */
function startNative(program) {
  const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (request) => {
    child.stdin.write(`${request}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error("the native program ended");
    return value === "none" ? undefined : Number(value);
  };
  return { ask, stop: () => child.stdin.end() };
}

function spread(values) {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { min: sorted[0], median, max: sorted[sorted.length - 1] };
}

/** The mean of what several turns measured. */
function mean(turns) {
  const known = turns.filter((rate) => rate !== undefined);
  return known.length ? known.reduce((sum, rate) => sum + rate, 0) / known.length : undefined;
}

/**
 * One round: several short turns of everybody right after one another, so that a busy machine slows
 * all alike.
 */
async function round(page, native, ms, threads) {
  const slice = ms / TURNS;
  const ways = { browser: {}, native: {}, scaling: {} };
  const inBrowser = (name) => () => page.evaluate(([what, time]) => window.measure(what, time), [name, slice]);
  const natively = (request) => () => native.ask(request);
  const workers = (count) => () => page.evaluate(([n, time]) => window.scale(n, time), [count, ms]);
  ways.browser.kernel = inBrowser("kernel");
  for (const name of RIVALS) ways.browser[name] = inBrowser(name);
  ways.native.sha2 = natively(`plain ${slice}`);
  for (const name of KERNELS) ways.native[name] = natively(`${name} ${slice}`);
  ways.scaling.worker = workers(1);
  ways.scaling.workers = workers(threads);
  ways.scaling.thread = natively(`threads 1 ${ms}`);
  ways.scaling.threads = natively(`threads ${threads} ${ms}`);

  const turns = {};
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [group, members] of Object.entries(ways)) {
      for (const [name, measure] of Object.entries(members)) {
        ((turns[group] ??= {})[name] ??= []).push(await measure());
      }
    }
  }
  const means = (members) => Object.fromEntries(Object.entries(members).map(([name, all]) => [name, mean(all)]));
  return Object.fromEntries(Object.entries(turns).map(([group, members]) => [group, means(members)]));
}

function ratios(rounds, threads) {
  const of = (top, bottom) => spread(rounds.map((r) => (top(r) && bottom(r) ? top(r) / bottom(r) : undefined)));
  const table = {};
  for (const name of RIVALS) table[`Chromium: kernel / ${name}`] = of((r) => r.browser.kernel, (r) => r.browser[name]);
  table["Chromium kernel / native sha2"] = of((r) => r.browser.kernel, (r) => r.native.sha2);
  for (const name of KERNELS) {
    table[`native: ${name} / sha2`] = of((r) => r.native[name], (r) => r.native.sha2);
  }
  table[`speed-up of ${threads} workers / 1`] = of((r) => r.scaling.workers, (r) => r.scaling.worker);
  table[`speed-up of ${threads} threads / 1`] = of((r) => r.scaling.threads, (r) => r.scaling.thread);
  table["speed-up of workers / of threads"] = of(
    (r) => r.scaling.workers / r.scaling.worker,
    (r) => r.scaling.threads / r.scaling.thread,
  );
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value));
}

function print(title, table, unit, digits) {
  const cell = (value) => value.toFixed(digits).padStart(9);
  console.log(`\n${title.padEnd(48)}      min   median      max${unit}`);
  for (const [name, { min, median, max }] of Object.entries(table)) {
    console.log(name.padEnd(48) + cell(min) + cell(median) + cell(max));
  }
}

function rates(rounds) {
  const table = {};
  for (const group of ["browser", "native"]) {
    for (const name of Object.keys(rounds[0][group])) {
      const values = spread(rounds.map((r) => r[group][name] && r[group][name] / 1e6));
      if (values) table[`${group}: ${name}`] = values;
    }
  }
  return table;
}

/** What the page's mining worker weighs, compressed, in bytes by file; nothing without a build. */
async function weigh(dist) {
  const names = dist ? await readdir(dist).catch(() => []) : [];
  const sizes = {};
  for (const name of names.filter((name) => /^miner.*\.(wasm|js)$/.test(name))) {
    sizes[name] = gzipSync(await readFile(join(dist, name)), { level: 9 }).length;
  }
  return sizes;
}

async function main() {
  const [count, ms] = [Number(options.rounds), Number(options.ms)];
  if (!options.native || !options.wasm || !(count >= 5) || !(ms >= 50)) {
    throw new Error("--native and --wasm are needed, --rounds at least 5, --ms at least 50");
  }
  const threads = cpus().length;
  const server = await serve(options.wasm);
  const native = startNative(options.native);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  try {
    const page = await browser.newPage();
    page.on("console", (message) => console.error(`page: ${message.text()}`));
    page.on("pageerror", (error) => console.error(`page: ${error}`));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.evaluate(() => window.check());
    console.log(`Chromium ${browser.version()}, ${cpus()[0].model}, ${threads} cores, ${count} rounds of ${ms} ms a contender`);
    await round(page, native, 200, threads); // warm up: compile, start workers
    const rounds = [];
    for (let i = 0; i < count; i++) {
      process.stderr.write(`round ${i + 1} of ${count}\r`);
      rounds.push(await round(page, native, ms, threads));
    }
    const weight = await weigh(options.dist);
    const result = { weight, chromium: browser.version(), cpu: cpus()[0].model, cores: threads, ms, rates: rates(rounds), ratios: ratios(rounds, threads), rounds };
    print("SHA-256d of 80 bytes, one thread", result.rates, "  million a second", 3);
    print("ratios, each within one round", result.ratios, "", 2);
    for (const [name, bytes] of Object.entries(weight)) console.log(`${name}: ${bytes} bytes with gzip`);
    if (options.json) await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
  } finally {
    native.stop();
    await browser.close();
    server.close();
  }
}

main().catch((error) => {
  console.error(`bench: ${error.message}`);
  process.exit(1);
});
