// window.tabchain, as teachers and these tests use it.
import { test, expect, agree, call, header, height, mine, mineTo, own, reaches, ready, settle, status, stop, tip, BITS } from "./lib/test.mjs";

// The code of the error that a call ends with.
const code = (page, method, ...args) => page.evaluate(async ([method, args]) => {
  let promise;
  try {
    promise = window.tabchain[method](...args);
  } catch (error) {
    return `thrown, not rejected: ${error}`;
  }
  if (!(promise instanceof Promise)) return "no promise";
  return promise.then(() => "done", (error) => (error instanceof Error ? error.code : `no Error: ${error}`));
}, [method, args]);

test("status says where things stand", async ({ open, rooms, shot }) => {
  const room = rooms({ bits: BITS.quick, spacing: 60, window: 100, halving: 1000 });
  const [page, other] = [await open(room), await open(room)];
  await mineTo(page, 2);
  const tipNow = await agree([page, other]);
  const now = await status(page);
  expect(Object.keys(now).sort()).toEqual(["hashRate", "mining", "nodes", "online", "peers", "room", "tip"]);
  expect(now.room).toEqual({
    name: room.name, link: expect.stringContaining(`room=${room.name}`), spacing: 60, bits: 0x1f00ffff, window: 100, halving: 1000,
  });
  expect(now.tip).toEqual(tipNow);
  expect(now.tip.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(now.tip.work).toMatch(/^[0-9a-f]+$/);
  // Work counts from genesis on: each block of this target stands for 0x10001 hashes.
  expect(BigInt(`0x${now.tip.work}`)).toBe(0x10001n * BigInt(now.tip.height + 1));
  expect(now).toMatchObject({ peers: 1, mining: false, hashRate: 0, online: true });
  expect(now.nodes).toHaveLength(2);
  expect(now.nodes.map(({ here }) => here)).toEqual([true, false]);
  for (const node of now.nodes) expect(node.id).toMatch(/^[0-9a-f]{64}$/);
  await shot(page, "status");
});

test("startMining and stopMining, with and without a power", async ({ open, rooms }) => {
  const page = await open(rooms({ bits: BITS.steady }));
  await call(page, "startMining", { workers: 1, duty: 0.5 });
  expect(await status(page)).toMatchObject({ mining: true });
  await expect.poll(async () => (await status(page)).hashRate).toBeGreaterThan(0);
  await call(page, "startMining"); // again: nothing happens
  await call(page, "stopMining");
  expect(await status(page)).toMatchObject({ mining: false });
  await call(page, "stopMining");
  for (const wrong of [[], { Workers: 1 }, { workers: 0 }, { workers: 65 }, { workers: 1.5 }, { workers: "2" }, { duty: 0 }, { duty: 1.01 }, { duty: -1 }, { duty: null }, 5, "full", null]) {
    expect(await code(page, "startMining", wrong), JSON.stringify(wrong)).toBe("bad-argument");
  }
  // What is an object, but was not meant as one: each would pass for a setting without any part.
  const odd = await page.evaluate(async () => {
    const objects = { date: new Date(NaN), promise: Promise.resolve(), map: new Map(), function: () => {}, regexp: /x/, window };
    const told = {};
    for (const [name, object] of Object.entries(objects)) {
      told[name] = await window.tabchain.startMining(object).then(() => "done", (error) => error.code);
    }
    return told;
  });
  expect(new Set(Object.values(odd)), JSON.stringify(odd)).toEqual(new Set(["bad-argument"]));
  expect(await status(page)).toMatchObject({ mining: false });
});

test("a power that a script chose is remembered", async ({ open, rooms }) => {
  const page = await open(rooms({ bits: BITS.hard }));
  await page.getByTestId("power-full").check({ force: true });
  await call(page, "startMining", { workers: 1, duty: 0.37 });
  await expect(page.getByTestId("power-duty")).toHaveValue("37");
  await call(page, "stopMining");
  await page.reload();
  await ready(page);
  await call(page, "startMining");
  await expect(page.getByTestId("power-duty")).toHaveValue("37");
  await expect(page.getByTestId("power-workers")).toHaveValue("1");
});

test("ready waits for nodes, also after a bad link", async ({ page, baseURL }) => {
  await page.goto(`${baseURL}#/live?room=X`);
  await expect(page.getByTestId("bad-room")).toBeVisible();
  await page.evaluate(() => { window.tabchain.ready.then(() => { window.wasReady = true; }); });
  await page.waitForTimeout(500);
  expect(await page.evaluate(() => window.wasReady)).toBeUndefined();
  await page.getByTestId("to-default-room").click();
  await expect.poll(() => page.evaluate(() => window.wasReady)).toBe(true);
  expect((await status(page)).tip.height).toBe(0);
});

test("block and blocks: by height, by hash, in JavaScript's numbers", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  await mineTo(page, 5);
  const top = await height(page);
  const byHeight = await call(page, "block", 3);
  expect(await call(page, "block", byHeight.hash)).toEqual(byHeight);
  expect(await call(page, "block", byHeight.hash.toUpperCase())).toEqual(byHeight);
  expect(await page.evaluate(async () => (await window.tabchain.block(3n)).hash)).toBe(byHeight.hash);
  expect(header(byHeight.header)).toMatchObject({
    hash: byHeight.hash, parent: byHeight.parent, merkleRoot: byHeight.merkleRoot, time: byHeight.time, bits: byHeight.bits,
    nonce: byHeight.nonce, version: byHeight.version,
  });
  expect(byHeight).toMatchObject({ height: 3, state: "best", confirmations: top - 3 });
  expect(typeof byHeight.expectedTries, "64 bits: a BigInt").toBe("bigint");
  expect(byHeight.expectedTries).toBe(0x10001n);
  expect(byHeight.raw.startsWith(byHeight.header)).toBe(true);
  // One transaction: its id is the Merkle root. Amounts are decimal strings of the smallest unit.
  expect(byHeight.transactions).toHaveLength(1);
  expect(byHeight.transactions[0]).toMatchObject({ coinbase: true, txid: byHeight.merkleRoot });
  expect(byHeight.transactions[0].outputs[0].amount).toBe("5000000000");
  expect(byHeight.transactions[0].outputs[0].to).toMatch(/^[a-z]+1p[0-9a-z]{58}$/);

  const all = await call(page, "blocks", 0, top);
  expect(all.map((each) => each.height)).toEqual(Array.from({ length: top + 1 }, (_, i) => i));
  for (let i = 1; i <= top; i++) expect(all[i].parent).toBe(all[i - 1].hash);
  expect(all[3]).toMatchObject({ hash: byHeight.hash, state: "best", miner: (await own(page))[0].seat });

  expect(await code(page, "block", top + 1)).toBe("unknown-block");
  expect(await code(page, "block", "f".repeat(64))).toBe("unknown-block");
  for (const wrong of [[], { Workers: 1 }, -1, 1.5, "abc", "", null, {}, 2 ** 32, "g".repeat(64)]) {
    expect(await code(page, "block", wrong), String(wrong)).toBe("bad-argument");
  }
  for (const [from, to] of [[2, 1], [0, 2_000], [-1, 1], ["0", "1"], [0]]) {
    expect(await code(page, "blocks", from, to), `${from} to ${to}`).toBe("bad-argument");
  }
  await shot(page, "blocks");
});

test("setOnline, addNode and their errors", async ({ open, rooms }) => {
  const room = rooms({ bits: BITS.quick });
  const [page, other] = [await open(room), await open(room)];
  const id = await call(page, "addNode");
  expect((await own(page)).map((node) => node.id)).toContain(id);
  await expect.poll(async () => (await status(other)).peers).toBe(2);
  await call(page, "setOnline", false);
  expect(await status(page)).toMatchObject({ online: false, peers: 0 });
  await expect.poll(async () => (await status(other)).peers).toBe(0);
  await call(page, "setOnline", true);
  await expect.poll(async () => (await status(other)).peers).toBe(2);
  for (const wrong of [[], { Workers: 1 }, undefined, 0, "false", null]) expect(await code(page, "setOnline", wrong)).toBe("bad-argument");
  expect(await status(page)).toMatchObject({ online: true });
  while ((await own(page)).length < 16) await call(page, "addNode");
  expect(await code(page, "addNode")).toBe("too-many-nodes");
});

test("reset and undoReset: what one put away is not lost by another, from this tab or another at the same time", async ({ open, rooms, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const [page, other] = [await open(room), await open(room)];
  expect(await code(page, "undoReset")).toBe("nothing-to-undo");
  await mineTo(page, 3);
  const before = await agree([page, other]);
  await call(page, "reset");
  await call(page, "reset");
  await expect.poll(() => height(other)).toBe(0);
  await call(other, "undoReset");
  expect(await agree([page, other])).toEqual(before);

  await Promise.all([call(page, "reset"), call(other, "reset")]);
  await Promise.all([page, other].map((tab) => expect.poll(() => height(tab)).toBe(0)));
  await call(other, "reset"); // an empty chain
  await call(page, "undoReset");
  expect(await agree([page, other])).toEqual(before);
  expect(await code(page, "undoReset")).toBe("nothing-to-undo");
  await shot(page, "reset-twice");
});

test("a block is told once, however many nodes of the tab accept it", async ({ open, rooms }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  await call(page, "addNode");
  await call(page, "addNode");
  await page.evaluate(() => {
    window.heard = [];
    return window.tabchain.on("block", ({ hash, found }) => window.heard.push([hash, found]));
  });
  await mineTo(page, 12);
  await settle(page);
  const chain = (await call(page, "blocks", 1, await height(page))).map(({ hash }) => hash);
  const hashes = async () => (await page.evaluate(() => window.heard)).map(([hash]) => hash);
  await expect.poll(hashes).toEqual(expect.arrayContaining(chain));
  const heard = await hashes();
  expect(heard).toHaveLength(new Set(heard).size);
});

test("on tells of blocks, reorganisations, peers and mining until it is ended", async ({ open, rooms, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const [page, other] = [await open(room), await open(room)];
  await page.evaluate(async () => {
    window.heard = { block: [], reorg: [], peers: [], mining: [] };
    window.ends = [];
    for (const event of Object.keys(window.heard)) {
      window.ends.push(await window.tabchain.on(event, (what) => window.heard[event].push(what)));
    }
  });
  const heard = () => page.evaluate(() => window.heard);
  await mineTo(page, 3);
  const top = await height(page);
  await expect.poll(async () => (await heard()).block.length).toBe(top);
  const { block: blocks } = await heard();
  expect(blocks.map((each) => each.height)).toEqual(Array.from({ length: top }, (_, i) => i + 1));
  expect(blocks[0]).toMatchObject({ found: true, seat: (await own(page))[0].seat, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  // An event comes with the next picture, so the stop may not have been heard yet.
  await expect.poll(async () => (await heard()).mining.map((each) => each.mining)).toEqual(expect.arrayContaining([true, false]));

  await agree([page, other]);
  await call(page, "setOnline", false);
  await mineTo(page, top + 1);
  await mineTo(other, (await height(page)) + 2);
  await call(page, "setOnline", true);
  const after = await agree([page, other]);
  await expect.poll(async () => (await heard()).reorg.length).toBeGreaterThan(0);
  // It switches to the first block that outweighs its own; what follows extends that one.
  const { hash: switched, undone } = (await heard()).reorg.at(-1);
  expect(undone).toBeGreaterThan(0);
  expect((await call(page, "block", switched)).confirmations, "on the chain that won").toBeGreaterThanOrEqual(0);
  expect((await heard()).peers.length).toBeGreaterThan(0);

  const count = (await heard()).block.length;
  await page.evaluate(() => { for (const end of window.ends) end(); });
  await mineTo(page, after.height + 2);
  expect((await heard()).block.length).toBe(count);
  expect(await page.evaluate(() => window.tabchain.on("nothing", () => {}).catch((error) => error.code))).toBe("bad-argument");
  expect(await code(page, "on", "block")).toBe("bad-argument");
  await shot(page, "events");
});

test("a script's own error in a listener is shown as one and breaks nothing", async ({ allowed, open, rooms }) => {
  allowed.push(/a teacher's mistake/);
  const page = await open(rooms({ bits: BITS.quick }));
  await page.evaluate(() => window.tabchain.on("block", () => { throw new Error("a teacher's mistake"); }));
  const shown = page.waitForEvent("pageerror");
  await mine(page);
  expect((await shown).message).toContain("a teacher's mistake");
  await reaches(page, 5);
  await stop(page);
});

test("export gives the whole chain, and a call before the nodes run waits for them", async ({ context, baseURL, open, rooms }) => {
  const room = rooms({ bits: BITS.quick });
  const page = await open(room);
  await mineTo(page, 4);
  const lines = (await call(page, "export")).trim().split("\n");
  const chain = await call(page, "blocks", 0, await height(page));
  // All but the genesis block, which follows from the room's rules.
  expect(lines.map((line) => header(line.slice(0, 160)).hash)).toEqual(chain.slice(1).map(({ hash }) => hash));

  const early = await context.newPage();
  await early.addInitScript(() => {
    // As soon as the interface is there.
    const watch = setInterval(() => {
      if (!window.tabchain) return;
      clearInterval(watch);
      window.first = window.tabchain.ready.then(() => window.tabchain.status());
    }, 0);
  });
  await early.goto(baseURL + room.hash);
  await expect.poll(() => early.evaluate(() => Boolean(window.first))).toBe(true);
  expect((await early.evaluate(() => window.first)).room.name).toBe(room.name);
});
