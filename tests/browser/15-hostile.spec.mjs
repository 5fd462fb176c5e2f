// What another page of the same origin did to the first release, on purpose or by bad luck. A message
// from it is a hint to look at most (docs/adr/0010), and whatever it holds up, the person here goes on.
import { randomBytes } from "node:crypto";
import {
  test, expect, agree, announcement, blockDatabase, call, envelope, heartbeat, height, hold, inventedTab, label, lifecycle, listen,
  locks, logged, mine, mineTo, names, overheard, own, reaches, ready, rows, shout, spoil, status, stop, tabSwitch, tip, BITS,
} from "./lib/test.mjs";

const tabs = (page) => page.getByTestId("tabs-panel").locator("li.tab");

// Does something again and again until what it gives is called.
function again(pause, what) {
  let on = true;
  const round = async () => {
    while (on) {
      await what();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };
  const running = round();
  return () => { on = false; return running; };
}

// --- A heartbeat that tells of a reset ------------------------------------------------------------

const FORGED = [{ stamp: 1, current: 1 }, { stamp: 2 ** 32 - 1, current: 2 ** 32 - 1 }, { stamp: 1000, current: 7, undo: 3 }];

for (const [how, signed] of [["is not signed", false], ["is signed by a tab that holds its lock", true]]) {
  test(`a forged reset that ${how} erases nothing`, async ({ open, rooms, outsider, baseURL, shot }) => {
    const room = rooms({ bits: BITS.quick });
    const { channel, tabLock } = names(baseURL);
    const [one, two] = [await open(room), await open(room)];
    await mineTo(one, 10);
    const before = await agree([one, two]);
    const forger = inventedTab(room);
    if (signed) await hold(outsider, tabLock(room, forger.id));
    const forge = (generation) => {
      const payload = heartbeat({ label: 42, generation });
      return signed ? forger.say("heartbeat", payload) : envelope(room, { kind: "heartbeat", sender: forger.id, sequence: 1n, payload });
    };
    // One after the other: what a tab said last is what it means.
    let turn = 0;
    const enough = again(300, () => shout(outsider, channel(room), [forge(FORGED[turn++ % FORGED.length])]));
    try {
      if (signed) { // so that it is not a mistake in this test why it is not followed
        for (const page of [one, two]) await expect(page.getByTestId("tab-switch-42")).toBeVisible();
      }
      await mine(one);
      for (const page of [one, two]) await reaches(page, before.height + 8);
      await stop(one);
      await agree([one, two]);
      expect((await call(two, "block", before.height)).hash).toBe(before.hash);
      for (const page of [one, two]) {
        if (!signed) await expect(tabs(page)).toHaveCount(2);
        await expect(page.getByTestId("undo-reset")).toHaveCount(0);
      }

      await one.reload();
      await ready(one);
      expect((await call(one, "block", before.height)).hash).toBe(before.hash);

      // The person's own reset and its undoing work in the middle of it.
      const last = await agree([one, two]);
      await call(one, "reset");
      for (const page of [one, two]) await expect.poll(() => height(page)).toBe(0);
      await shot(two, `forged-${signed ? "locked" : "unsigned"}`);
      await call(two, "undoReset");
      for (const page of [one, two]) await expect.poll(() => tip(page)).toEqual(last);
    } finally {
      await enough();
    }
    await two.reload();
    await ready(two);
    expect((await call(two, "block", before.height)).hash).toBe(before.hash);
  });
}

test("a tab with its lock that counts resets up and up keeps nobody from mining and is not news", async ({ open, rooms, outsider, baseURL }) => {
  const room = rooms({ bits: BITS.quick });
  const { channel, tabLock } = names(baseURL);
  const [one, two] = [await open(room), await open(room)];
  await mineTo(one, 3);
  const before = await agree([one, two]);
  const forger = inventedTab(room);
  await hold(outsider, tabLock(room, forger.id));
  let stamp = 0;
  // The same chain each time, so nobody loses anything by following.
  const enough = again(200, () => shout(outsider, channel(room), [
    forger.say("heartbeat", heartbeat({ label: 42, generation: { stamp: ++stamp, current: 0 } })),
  ]));
  try {
    await expect(two.getByTestId("tab-switch-42")).toBeVisible();
    await mine(one);
    for (const page of [one, two]) await reaches(page, before.height + 20, 10_000);
    await stop(one);
  } finally {
    await enough();
  }
  await agree([one, two]);
  expect((await call(two, "block", before.height)).hash).toBe(before.hash);
  await expect(two.getByTestId("log").getByText(/The (room was reset|reset was undone)/), "no such thing happened").toHaveCount(0);
});

// --- Power ------------------------------------------------------------------------------------------

const MOST = { workers: 64, duty: 100 };
const setting = async (page) => ({
  workers: Number(await page.getByTestId("power-workers").inputValue()),
  duty: Number(await page.getByTestId("power-duty").inputValue()),
});
const minedBy = (page, count) => expect(page.locator(".panel-mine")).toContainText(`${count} tabs mine and share this power`);

test("a power setting dated in the future does not outbid the person's", async ({ open, rooms, outsider, baseURL, shot }) => {
  const room = rooms({ bits: BITS.steady });
  const pages = [await open(room), await open(room)];
  for (const page of pages) await mine(page, { workers: 1, duty: 0.3 });
  const { power } = names(baseURL);
  const now = BigInt(Date.now());
  const times = [now + 10_000n, now + 365n * 86_400_000n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
  for (const [n, time] of times.entries()) {
    await shout(outsider, power, [announcement({ tab: 1000n + BigInt(n), ...MOST, time })]);
  }
  for (const page of pages) {
    await minedBy(page, times.length + 2); // all were heard
    expect(await setting(page)).toEqual({ workers: 1, duty: 30 });
  }
  await shot(pages[0], "power-future");
  await pages[1].getByTestId("power-gentle").check({ force: true });
  for (const page of pages) await expect.poll(() => setting(page)).toEqual({ workers: 1, duty: 50 });
});

test("a power setting dated now uses no more workers than there are cores, and the person's next one wins for good", async ({ open, rooms, outsider, baseURL, shot }) => {
  const room = rooms({ bits: BITS.steady });
  const pages = [await open(room), await open(room)];
  const cores = await pages[0].evaluate(() => navigator.hardwareConcurrency);
  for (const page of pages) await mine(page, { workers: 1, duty: 0.3 });
  const { power } = names(baseURL);
  const loud = announcement({ tab: 2n ** 64n - 1n, ...MOST, mining: false, time: BigInt(Date.now()) });
  await shout(outsider, power, [loud]);
  for (const page of pages) await expect.poll(() => setting(page)).toEqual({ workers: cores, duty: 100 });
  const miners = () => pages.flatMap((page) => page.workers()).filter((worker) => worker.url().includes("miner")).length;
  await expect.poll(miners, "all tabs together").toBe(cores);
  await shot(pages[0], "power-loud");

  await pages[1].getByTestId("power-gentle").check({ force: true });
  for (const page of pages) await expect.poll(() => setting(page)).toEqual({ workers: 1, duty: 50 });
  await shout(outsider, power, [loud, loud, announcement({ tab: 7n, time: 0n })]);
  for (const page of pages) {
    await minedBy(page, 3); // what was said again was heard, too
    expect(await setting(page)).toEqual({ workers: 1, duty: 50 });
  }
  await stop(pages[0]);
  await expect.poll(miners).toBe(1);
  await Promise.all(pages.map((page) => page.reload()));
  await ready(pages[1]);
  expect(await setting(pages[1]), "remembered").toEqual({ workers: 1, duty: 50 });
});

// --- Locks that somebody else holds -----------------------------------------------------------------

const PATIENCE = 8_000;

// Opens a page and gives it no longer than a person waits.
async function opensInTime(context, address) {
  const page = await context.newPage();
  const begun = Date.now();
  await page.goto(address);
  await expect.poll(() => page.evaluate(() => window.tabchainStarted === true)).toBe(true);
  expect(await own(page)).toHaveLength(1);
  expect(Date.now() - begun, "milliseconds until the nodes run").toBeLessThan(PATIENCE);
  return page;
}

test("the list of identities is held by another page: the tab mines under new ones and says so", async ({ context, open, rooms, outsider, baseURL, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const first = await open(room);
  const [{ id }] = await own(first);
  await first.close();
  const release = await hold(outsider, names(baseURL).identitiesLock);
  const page = await opensInTime(context, baseURL + room.hash);
  await expect(page.getByTestId("banner-held")).toContainText("new identities");
  expect((await own(page))[0].id).not.toBe(id);
  await mineTo(page, 3);
  await shot(page, "held-identities");
  await release();
  await page.reload();
  await ready(page);
  await expect(page.getByTestId("banner-held")).toHaveCount(0);
  expect((await own(page))[0].id, "nothing became of the old one").toBe(id);
});

test("the default room is held by another page: a room of its own opens, mines, and says so", async ({ context, outsider, baseURL, shot }) => {
  await hold(outsider, names(baseURL).defaultRoomLock);
  const page = await opensInTime(context, baseURL);
  await expect(page.getByTestId("banner-held")).toBeVisible();
  await mine(page);
  await expect.poll(async () => (await status(page)).hashRate).toBeGreaterThan(0);
  await shot(page, "held-room");
});

test("the default room is held by another page: the room that storage names opens, and nothing else is said", async ({ context, open, rooms, outsider, baseURL, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const first = await open(room);
  await mineTo(first, 3);
  const before = await agree([first]);
  await first.close();
  await hold(outsider, names(baseURL).defaultRoomLock);
  const page = await opensInTime(context, baseURL);
  expect((await status(page)).room.name).toBe(room.name);
  await expect.poll(() => tip(page)).toEqual(before);
  await shot(page, "held-last-room");
  await expect(page.getByText("This tab opened a new room")).toHaveCount(0);
});

// --- Locks that somebody takes away -----------------------------------------------------------------

// The seat's lock of a tab's first node.
async function seatLock(page, outsider, address) {
  const [{ seat }] = await own(page);
  const lock = names(address).seatLock(seat);
  expect(await locks(outsider)).toContain(lock);
  return lock;
}

// No node lives in two tabs.
async function everyoneIsSomeone(pages) {
  const ids = (await Promise.all(pages.map(own))).flat().map(({ id }) => id);
  expect(new Set(ids).size, ids.join(" ")).toBe(ids.length);
}

test("a seat that is stolen from a tab: it comes back as somebody else, with its chain from the others", async ({ open, rooms, outsider, baseURL, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const [one, two] = [await open(room), await open(room)];
  await mine(one);
  await reaches(two, 10);
  const [{ id }] = await own(one);
  const [[other], before] = [await own(two), await tip(one)];
  const release = await hold(outsider, await seatLock(one, outsider, baseURL), { steal: true });
  await logged(one, /took this tab's lock away/);
  await expect.poll(async () => (await own(one))[0]?.id).not.toBe(id);
  await everyoneIsSomeone([one, two]);
  for (const page of [one, two]) {
    await expect.poll(async () => (await status(page)).peers).toBe(1);
    await reaches(page, before.height + 3); // it mines on
    expect((await call(page, "block", before.height)).hash).toBe(before.hash);
  }
  await stop(one);
  await agree([one, two]);
  await shot(one, "stolen-seat");
  await release();
  const three = await open(room);
  await everyoneIsSomeone([one, two, three]);
  expect((await own(three))[0].id, "the seat is free again").toBe(id);
  expect((await own(two))[0].id, "nobody else was disturbed").toBe(other.id);
  await agree([one, two, three]);
});

test("the lock of its name that is stolen from a tab: the others reach it under its new name", async ({ open, rooms, outsider, baseURL, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const before = await locks(outsider);
  const one = await open(room);
  const tabLock = (await locks(outsider)).find((name) => name.includes(":tab:") && !before.includes(name));
  const two = await open(room);
  await mineTo(one, 3);
  await agree([one, two]);
  await hold(outsider, tabLock, { steal: true });
  await logged(one, /took this tab's lock away/);
  await expect.poll(async () => (await own(one)).length).toBe(1);
  await everyoneIsSomeone([one, two]);
  // The former name's lock is held, so it stays listed; whoever holds it has nothing to say.
  await expect(tabs(two).getByText("silent")).toHaveCount(1);
  for (const page of [one, two]) {
    await expect.poll(async () => (await status(page)).peers, { message: "they reach each other" }).toBe(1);
  }
  await mineTo(one, (await height(one)) + 3);
  await agree([one, two]);
  await shot(two, "stolen-name");
});

// --- In another tab's name --------------------------------------------------------------------------

test("a goodbye, an off and junk in another tab's name: it stays listed, joined and reachable", async ({ open, ownBrowser, rooms, baseURL, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const { channel } = names(baseURL);
  const { context } = await ownBrowser(); // where tabs freeze
  const fresh = async () => open(room, { page: await context.newPage() });
  const [one, two] = [await fresh(), await fresh()];
  const outsider = await context.newPage();
  await context.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
  await outsider.goto(new URL("boot.js", baseURL).href);
  const heard = await listen(outsider, channel(room));

  // The tab says all of it once itself: off, on, goodbye; then it is back.
  await one.bringToFront();
  const peers = async () => (await status(two)).peers;
  await expect.poll(peers).toBe(1);
  await call(one, "setOnline", false);
  await expect.poll(peers).toBe(0);
  await call(one, "setOnline", true);
  await expect.poll(peers).toBe(1);
  const { freeze, thaw } = await lifecycle(one);
  await freeze();
  await expect.poll(peers).toBe(0);
  await thaw();
  await expect.poll(peers).toBe(1);
  const said = (await heard()).map(overheard).filter(({ kind }) => kind === "heartbeat");
  const offs = said.filter(({ online }) => !online);
  const byes = said.filter(({ bye }) => bye);
  expect([offs.length > 0, byes.length > 0]).toEqual([true, true]);
  const { sender } = byes.at(-1);
  const repeated = said.filter((one) => one.sender.equals(sender)).map(({ bytes }) => bytes);

  // Now others say it in its name: word for word, unsigned, under a number to come, or junk.
  const signed = (payload, key = byes[0].payload.subarray(0, 96)) => Buffer.concat([key, payload]);
  const inItsName = (payload, kind = "heartbeat") => envelope(room, { kind, sender, sequence: 2n ** 40n, payload });
  const forged = [...offs, ...byes].map(({ payload }) => inItsName(payload));
  for (const wish of [{ bye: true }, { online: false }, { generation: { stamp: 1, current: 1 } }]) {
    forged.push(inItsName(heartbeat(wish)), inItsName(signed(heartbeat(wish))));
  }
  const impostor = inventedTab(room);
  forged.push(impostor.say("heartbeat", heartbeat({ bye: true }), { sender }));
  const enough = again(200, () => shout(outsider, channel(room), [
    ...repeated, ...forged, ...Array.from({ length: 10 }, (_, i) => inItsName(randomBytes(i * 20))), inItsName(randomBytes(130), "command"),
  ]));
  const seen = [];
  const look = again(100, async () => seen.push([await peers(), await tabs(two).count(), (await status(one)).online]));
  try {
    await mine(one);
    await reaches(two, 20);
    await stop(one);
    await agree([one, two]);
    await expect.poll(() => seen.length).toBeGreaterThan(20);
  } finally {
    await Promise.all([enough(), look()]);
  }
  expect(seen.filter(([peers, tabs, online]) => peers !== 1 || tabs !== 2 || !online)).toEqual([]);
  await logged(two, /Dropped [\d,]+ messages? that made no sense/);
  await two.bringToFront();
  await shot(two, "in-its-name");
});

test("junk and echoes in a node's name: whoever hears them goes on listening to the node", async ({ open, rooms, outsider, baseURL, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const { channel } = names(baseURL);
  const [one, two] = [await open(room), await open(room)];
  await agree([one, two]);
  const heard = await listen(outsider, channel(room));
  await mineTo(one, 3);
  await agree([one, two]);
  const [{ id }] = await own(one);
  const said = (await heard()).map(overheard).filter(({ kind, sender }) => kind === "packet" && sender.toString("hex") === id);
  expect(said.length).toBeGreaterThan(0);

  // All that stands before the message is of something that the node did say: generation, tags, hash.
  const { payload, sender } = said.at(-1);
  const head = payload.subarray(0, 5 + 16 * payload[4] + 32);
  const junk = () => envelope(room, { sender, sequence: 2n ** 40n, payload: Buffer.concat([head, randomBytes(50)]) });
  const enough = again(200, () => shout(outsider, channel(room), [...said.map(({ bytes }) => bytes), ...Array.from({ length: 300 }, junk)]));
  try {
    await mine(one);
    await reaches(two, (await height(two)) + 20);
    await stop(one);
    await agree([one, two]);
    await logged(two, /Dropped [\d,]+ messages? that made no sense/);
  } finally {
    await enough();
  }
  await expect(two.getByTestId("log").getByText(/heard nonsense/)).toHaveCount(0);
  await shot(two, "in-a-nodes-name");
});

test("a person's command to another tab, said again by somebody else, is not obeyed", async ({ open, rooms, outsider, baseURL, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const { channel } = names(baseURL);
  const [one, two] = [await open(room), await open(room)];
  const heard = await listen(outsider, channel(room));
  const online = async () => (await status(one)).online;
  const far = tabSwitch(two, await label(one));
  for (const wanted of [false, true]) {
    await far.click();
    await expect(far).toHaveAttribute("aria-checked", String(wanted));
    await expect.poll(online).toBe(wanted);
  }
  const [off] = (await heard()).map(overheard).filter(({ kind }) => kind === "command");

  await shout(outsider, channel(room), [off.bytes, off.bytes]);
  // Garbage after it: once that was counted, the command was looked at.
  await shout(outsider, channel(room), [envelope(room, { kind: "command", payload: randomBytes(40) })]);
  await logged(one, /Dropped [\d,]+ messages? that made no sense/);
  await shot(one, "command-again");
  expect(await online()).toBe(true);
  expect((await status(two)).peers).toBe(1);
});

// --- Clocks -----------------------------------------------------------------------------------------

test("a clock that was a day ahead is set right: the page says so, and a reset puts it away", async ({ host, open, rooms, shot }) => {
  let ahead = true;
  const lines = "const rightNow = Date.now; Date.now = () => rightNow() + 86_400_000;\n";
  const url = await host({ "engine_loader.js": (text) => (ahead ? lines + text : text) });
  const page = await open(rooms({ bits: BITS.quick }), { url });
  await mineTo(page, 5);
  const future = page.getByTestId("banner-future");
  await expect(future).toHaveCount(0);
  const before = await agree([page]);
  ahead = false;
  await page.reload();
  await ready(page);
  expect(await tip(page), "nothing was thrown away").toEqual(before);
  await expect(future).toContainText("24 hr ahead");
  await expect(future).toContainText(`${before.height} blocks`);
  await shot(page, "future");

  await page.getByTestId("reset-button").click();
  await page.getByTestId("reset-confirm").click();
  await expect(future).toHaveCount(0);
  await mineTo(page, 3);
  await shot(page, "future-reset");
});

// --- Storage ----------------------------------------------------------------------------------------

test("another page blocks the room's database for 12 s: the page says so, mines on, and nothing is lost", { tag: "@alone" }, async ({ open, rooms, outsider, baseURL, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const database = names(baseURL).database(room);
  const page = await open(room);
  await mine(page);
  await reaches(page, 5);
  const begun = Date.now();
  const over = await blockDatabase(outsider, database, 12_000);
  const slow = page.getByTestId("banner-slow");
  await expect(slow).toBeVisible();
  const shown = Date.now() - begun;
  expect(shown, "milliseconds until it is told").toBeGreaterThan(2_500);
  expect(shown, "milliseconds until it is told").toBeLessThan(6_000);
  await reaches(page, (await height(page)) + 5, 5_000);
  await shot(page, "slow");
  expect(Date.now() - begun, "all of this while it is blocked").toBeLessThan(12_000);
  await over();
  await expect(slow).toHaveCount(0);
  await expect(page.getByTestId("banner-storage")).toHaveCount(0);
  await reaches(page, (await height(page)) + 3);
  await stop(page);
  const last = await tip(page);
  await expect.poll(async () => (await rows(outsider, database, "blocks")).length).toBeGreaterThanOrEqual(last.height);
  await page.reload();
  await ready(page);
  expect((await call(page, "block", last.height)).hash).toBe(last.hash);
});

// As another program of the site may write, or a disk that fails.
test("a node's own records become random bytes: the page says so, puts them aside, and mines", async ({ open, rooms, outsider, baseURL, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const database = names(baseURL).database(room);
  const page = await open(room);
  await mineTo(page, 10);
  await expect.poll(async () => (await rows(outsider, database, "blocks")).length).toBe(await height(page));
  await page.close();
  const blocks = (await rows(outsider, database, "blocks")).length;
  expect(await spoil(outsider, "own")).toBe(blocks + 1); // an entry of the log for each, and the tip
  const damaged = (await rows(outsider, database, "own")).map(({ value }) => value);

  const again = await open(room);
  await expect(again.getByTestId("banner-damaged")).toContainText("set aside");
  await shot(again, "damaged-own");
  await mineTo(again, (await height(again)) + 3);
  const aside = async () => {
    const meta = await rows(outsider, database, "meta");
    return Buffer.concat(meta.filter(({ name }) => name.toString("latin1").startsWith("aside/")).map(({ value }) => value));
  };
  await expect.poll(async () => (await aside()).length).toBeGreaterThan(0);
  const kept = await aside();
  for (const bytes of damaged) expect.soft(kept.includes(bytes), "it is there to the last byte").toBe(true);
  const last = await agree([again]);
  await expect.poll(async () => (await rows(outsider, database, "blocks")).length).toBeGreaterThanOrEqual(last.height);
  await again.reload();
  await ready(again);
  expect((await call(again, "block", last.height)).hash, "what is written now is good").toBe(last.hash);
  await expect.soft(again.getByTestId("banner-damaged"), "what was told and put aside is no news").toHaveCount(0);
  expect((await aside()).includes(kept), "it is still there").toBe(true);
});
