// Anything of the same origin can write on the channel. Nothing of it may
// break a tab, stop its mining, or make it grow without bound.
import { randomBytes } from "node:crypto";
import {
  test, expect, agree, announcement, heartbeat, envelope, height, logged, mine, mineTo, names, reachable, reaches,
  room as roomOf, shout, status, stop, weigh, BITS,
} from "./lib/test.mjs";

const MIB = 1 << 20;
const sender = (number) => { const bytes = Buffer.alloc(32, 0xee); bytes.writeUInt32LE(number); return bytes; };

// What a tab must throw away, by name.
const garbage = (room) => ({
  "random bytes": Array.from({ length: 50 }, (_, i) => randomBytes(i * 7)),
  "random bytes behind a true beginning": Array.from({ length: 50 }, () => Buffer.concat([envelope(room).subarray(0, 21), randomBytes(80)])),
  "envelopes cut short": Array.from({ length: 66 }, (_, i) => envelope(room, { payload: Buffer.alloc(20) }).subarray(0, i)),
  "a length that lies": [0, 21, 0xffff_ffff].map((length) => envelope(room, { payload: Buffer.alloc(20), length })),
  "an oversized envelope": [envelope(room, { payload: Buffer.alloc(512 * 1024 + 1) }), envelope(room, { payload: Buffer.alloc(2 * MIB) })],
  "bytes after the end": [Buffer.concat([envelope(room), Buffer.from([0])])],
  "another room": [envelope(room, { room: Buffer.alloc(16, 1) }), envelope(room, { room: roomOf("elsewhere").id })],
  "another version": [0, 1, 255].map((version) => envelope(room, { version })),
  "an unknown kind": [3, 200].map((kind) => envelope(room, { kind })),
  "a flag that is none": [envelope(room, { flag: 2 })],
  "a packet of nobody, empty or random": [envelope(room), ...Array.from({ length: 50 }, (_, i) => envelope(room, { sender: sender(i), payload: randomBytes(300) }))],
  "a packet on a channel that nobody opened": [envelope(room, { channel: 255, payload: randomBytes(30) })],
  "heartbeats that are none": Array.from({ length: 50 }, (_, i) => envelope(room, { kind: "heartbeat", sender: sender(i), payload: randomBytes(i) })),
  "heartbeats without a signature": [envelope(room, { kind: "heartbeat", payload: heartbeat({ label: 127 }) })],
  "commands that are none": Array.from({ length: 20 }, (_, i) => envelope(room, { kind: "command", payload: randomBytes(i) })),
});

test("every sort of garbage is dropped and two tabs go on as if it were not there", async ({ open, rooms, outsider, baseURL, shot }) => {
  test.setTimeout(120_000);
  const room = rooms({ bits: BITS.quick });
  const channel = names(baseURL).channel(room);
  const [one, two] = [await open(room), await open(room)];
  await mine(one);
  await reaches(two, 2);
  for (const [what, messages] of Object.entries(garbage(room))) {
    const before = await height(two);
    await shout(outsider, channel, messages);
    await expect.poll(() => height(two), { message: `goes on after ${what}` }).toBeGreaterThan(before);
  }
  await outsider.evaluate((channel) => {
    const mouth = new BroadcastChannel(channel);
    const circle = {};
    circle.self = circle;
    const buffer = new ArrayBuffer(64);
    for (const value of [null, undefined, 1, "text", true, 10n ** 30n, circle, [1, 2], new Date(), new Map([[1, 2]]), buffer,
      new Float64Array(9), new DataView(buffer), new Error("no"), new Blob(["x"]), new Uint8Array(0), "x".repeat(1 << 20)]) {
      mouth.postMessage(value);
    }
  }, channel);
  const before = await height(two);
  await reaches(two, before + 3);
  await stop(one);
  await agree([one, two]);
  await logged(one, /Dropped [\d,]+ messages? that made no sense/);
  await logged(two, /Dropped [\d,]+ messages? that made no sense/);
  expect(await status(one)).toMatchObject({ peers: 1 });
  await shot(one, "dropped");
});

test("envelopes of another version make the page say that two versions are open", async ({ open, rooms, outsider, baseURL, shot }) => {
  const room = rooms();
  const page = await open(room);
  await expect(page.getByTestId("banner-version")).toHaveCount(0);
  await shout(outsider, names(baseURL).channel(room), [envelope(room, { version: 1 })]);
  await expect(page.getByTestId("banner-version")).toBeVisible();
  await shot(page, "other-version");
});

test("10,000 messages in a burst: mining and sync go on, memory stays bounded", async ({ context, host, open, rooms, shot }) => {
  test.setTimeout(90_000);
  const url = await host({ "engine_loader.js": reachable("engine") });
  const room = rooms({ bits: BITS.quick });
  const channel = names(url).channel(room);
  const [one, two] = [await open(room, { url }), await open(room, { url })];
  const stranger = await context.newPage();
  await stranger.goto(new URL("boot.js", url).href);
  await mine(one);
  await reaches(two, 3);

  const heap = async (page) => {
    const cdp = await context.newCDPSession(page);
    await cdp.send("HeapProfiler.collectGarbage");
    const { metrics } = await (await cdp.send("Performance.enable"), cdp.send("Performance.getMetrics"));
    return metrics.find(({ name }) => name === "JSHeapUsedSize").value;
  };
  const burst = (round) => Array.from({ length: 10_000 }, (_, i) => {
    const number = round * 10_000 + i;
    switch (i % 5) {
      case 0: return randomBytes(200);
      case 1: return envelope(room, { sender: sender(number), payload: randomBytes(400) });
      case 2: return envelope(room, { kind: "heartbeat", sender: sender(number), payload: heartbeat({ label: i % 64 }) });
      case 3: return envelope(room, { kind: "command", sender: sender(number), payload: randomBytes(34) });
      default: return envelope(room, { version: 2 + i % 200 });
    }
  });
  await shout(stranger, channel, burst(0));
  await reaches(two, (await height(two)) + 3);
  const warm = { page: await heap(two), engines: await weigh(stranger, "engine") };
  expect(warm.engines).toHaveLength(2);
  for (let round = 1; round < 4; round++) {
    await shout(stranger, channel, burst(round));
    await reaches(two, (await height(two)) + 3);
  }
  const after = { page: await heap(two), engines: await weigh(stranger, "engine") };
  expect(Math.max(...after.engines) - Math.max(...warm.engines), "growth of an engine").toBeLessThan(16 * MIB);
  expect(after.page - warm.page, "growth of a page").toBeLessThan(16 * MIB);
  await stop(one);
  await agree([one, two]);
  // Invented tabs may be shown for a while, but not without limit, and not for ever.
  const tabs = () => two.getByTestId("tabs-panel").locator("li.tab").count();
  expect(await tabs()).toBeLessThanOrEqual(64);
  await expect.poll(tabs, { timeout: 20_000 }).toBe(2);
  await shot(two, "after-burst");
});

test("a late tab syncs while garbage pours in", async ({ open, rooms, outsider, baseURL }) => {
  const room = rooms({ bits: BITS.quick });
  const channel = names(baseURL).channel(room);
  const early = await open(room);
  await mineTo(early, 60);
  let pouring = true;
  const pour = (async () => {
    while (pouring) await shout(outsider, channel, Array.from({ length: 200 }, (_, i) => envelope(room, { sender: sender(i), payload: randomBytes(500) })));
  })();
  try {
    await agree([early, await open(room)], 30_000);
  } finally {
    pouring = false;
    await pour;
  }
});

test("invented tabs on the power channel take no lasting share of the power", async ({ open, rooms, outsider, baseURL }) => {
  const page = await open(rooms({ bits: BITS.steady }));
  await mine(page, { workers: 1, duty: 1 });
  const rate = async () => (await status(page)).hashRate;
  await expect.poll(rate).toBeGreaterThan(0);
  const { power } = names(baseURL);
  await shout(outsider, power, Array.from({ length: 10_000 }, (_, i) => announcement({ tab: BigInt(i) + 2n ** 40n })));
  await shout(outsider, power, Array.from({ length: 100 }, (_, i) => randomBytes(i)));
  const shared = page.locator(".panel-mine").getByText(/tabs mine and share/);
  await expect(shared, "they are believed at first").toHaveCount(1);
  // Who is silent for 5 s does not count any more.
  await expect(shared).toHaveCount(0, { timeout: 15_000 });
  await expect.poll(rate).toBeGreaterThan(0);
});
