// Storage may be refused, full, damaged, or hold what another version wrote.
// The page says so and works; it is never blank, and nothing is wiped.
import { test, expect, agree, call, databases, height, kill, lifecycle, logged, mineTo, names, own, reachable, ready, spoil, status, tip, BITS } from "./lib/test.mjs";

// Ways in which browsers refuse a database, put before the engine's loader.
const REFUSALS = {
  "opening it throws": `indexedDB.open = () => { throw new DOMException("denied", "SecurityError"); };`,
  "there is none": `Object.defineProperty(self, "indexedDB", { value: undefined });`,
  "reading it throws": `Object.defineProperty(self, "indexedDB", { get() { throw new DOMException("denied", "SecurityError"); } });`,
  "opening it fails": `indexedDB.open = () => {
    const request = new EventTarget();
    request.error = new DOMException("denied", "UnknownError");
    request.readyState = "done";
    setTimeout(() => {
      const event = new Event("error", { cancelable: true });
      request.onerror?.(event);
      request.dispatchEvent(event);
    });
    return request;
  };`,
  "it never answers": `indexedDB.open = () => new EventTarget();`,
};

async function worksInMemory(page) {
  await expect(page.getByTestId("banner-storage")).toBeVisible();
  await expect(page.getByTestId("mine-button")).toBeVisible();
  await mineTo(page, (await status(page)).tip.height + 3);
  await expect(page.getByTestId(`block-${(await tip(page)).hash}`)).toBeVisible();
}

for (const [what, lines] of Object.entries(REFUSALS)) {
  test(`storage is refused (${what}): a banner, and mining works`, async ({ host, open, rooms, shot }) => {
    const url = await host({ "engine_loader.js": (text) => lines + text });
    const room = rooms({ bits: BITS.quick });
    const page = await open(room, { url });
    await worksInMemory(page);
    if (what !== "it never answers") { // which takes its time in each tab
      const other = await open(room, { url });
      await agree([page, other]);
    }
    if (what === "opening it throws") await shot(page, "refused");
  });
}

test("the settings' storage is refused, too: nothing is remembered, everything works", async ({ context, open, rooms }) => {
  await context.addInitScript(() => {
    for (const store of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, store, { get() { throw new DOMException("denied", "SecurityError"); } });
    }
  });
  const page = await open(rooms({ bits: BITS.quick }));
  await page.getByTestId("theme-toggle").click();
  await page.getByTestId("lang-toggle").click();
  await mineTo(page, 2);
});

// With a quota of one byte Chromium still opens databases: the first identity is what it refuses.
test("storage is full from the start: a banner, and mining works", async ({ context, baseURL, open, outsider, rooms, shot }) => {
  const cdp = await context.newCDPSession(outsider);
  await cdp.send("Storage.overrideQuotaForOrigin", { origin: new URL(baseURL).origin, quotaSize: 1 });
  const page = await open(rooms({ bits: BITS.quick }));
  await expect(page.getByTestId("banner-storage"), "before anything was mined").toContainText("memory only");
  expect((await status(page)).tip.height).toBe(0);
  await worksInMemory(page);
  await shot(page, "full");
});

// What Chromium refuses when a person has blocked all site data: databases, locks, the settings'
// storage. The channel is left.
test.describe("site data is blocked", () => {
  test.use({ settings: { profile: { default_content_setting_values: { cookies: 2 } } } });

  test("tabs find each other, mine, freeze, reset, and are missed when they close", async ({ ownBrowser, open, rooms, shot }) => {
    test.setTimeout(90_000);
    const room = rooms({ bits: BITS.quick });
    const { context } = await ownBrowser();
    const tabs = [];
    for (let n = 0; n < 2; n++) tabs.push(await open(room, { page: await context.newPage() }));
    const [page, other] = tabs;
    expect(await page.evaluate(() => navigator.locks.request("any", () => "granted").catch(({ name }) => name))).toBe("SecurityError");
    for (const tab of tabs) {
      await worksInMemory(tab);
      await expect.poll(async () => (await status(tab)).peers).toBe(1);
    }
    const before = await agree(tabs);
    await call(page, "addNode");
    const [nodes, names] = [await own(page), (await status(page)).nodes.map(({ name }) => name)];
    expect(nodes).toHaveLength(2);
    expect(new Set(names).size, "three nodes of three names").toBe(3);

    const { freeze, thaw } = await lifecycle(page);
    await freeze();
    await expect.poll(async () => (await status(other)).peers).toBe(0);
    await thaw();
    await expect.poll(async () => (await own(page)).map(({ id }) => id)).toEqual(nodes.map(({ id }) => id));
    expect(await agree(tabs)).toEqual(before);

    await call(page, "reset");
    await expect.poll(() => height(other)).toBe(0);
    await call(other, "undoReset");
    await expect.poll(() => agree(tabs)).toEqual(before);
    await shot(other, "blocked");
    await page.close({ runBeforeUnload: false });
    await expect.poll(async () => (await status(other)).peers, { timeout: 15_000 }).toBe(0);
  });
});

test("a tab whose storage is refused comes back from a freeze as who it was, with its chain", async ({ host, ownBrowser, open, rooms, shot }) => {
  const url = await host({ "engine_loader.js": (text) => REFUSALS["opening it throws"] + text });
  const { context } = await ownBrowser();
  const page = await open(rooms({ bits: BITS.quick }), { url, page: await context.newPage() });
  await worksInMemory(page);
  const [before, nodes] = [await tip(page), await own(page)];
  const { freeze, thaw } = await lifecycle(page);
  await freeze();
  await thaw();
  await logged(page, /frozen and is back/);
  expect((await own(page)).map(({ id }) => id)).toEqual(nodes.map(({ id }) => id));
  expect(await tip(page)).toEqual(before);
  await shot(page, "frozen-in-memory");
});

test("a database that is taken away: a banner, and the chain is still there after a reset and its undoing", async ({ baseURL, open, outsider, rooms, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const page = await open(room);
  await mineTo(page, 5);
  const before = await agree([page]);
  await outsider.waitForTimeout(300); // all is written, nothing of it is in memory alone
  await outsider.evaluate((name) => new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = resolve;
    request.onerror = () => reject(request.error);
  }), names(baseURL).database(room));
  await expect(page.getByTestId("banner-storage")).toContainText("took the database away");
  await call(page, "reset");
  await expect.poll(() => height(page)).toBe(0);
  await call(page, "undoReset");
  await expect.poll(() => tip(page)).toEqual(before);
  await worksInMemory(page);
  await shot(page, "taken-away");
});

test("storage fills up on the way: a banner, mining works, and what was kept stays", async ({ host, open, rooms }) => {
  // As browsers do it: the transaction is aborted.
  const full = "const put = IDBObjectStore.prototype.put; IDBObjectStore.prototype.put = function (...args) { const request = put.apply(this, args); this.transaction.abort(); return request; }";
  const url = await host({ "engine_loader.js": reachable("engine", full) });
  const room = rooms({ bits: BITS.quick });
  const page = await open(room, { url });
  await mineTo(page, 3);
  await expect(page.getByTestId("banner-storage")).toHaveCount(0);
  const kept = await tip(page);
  await kill(page, "engine");
  await mineTo(page, kept.height + 5);
  await worksInMemory(page);
  await page.reload();
  await ready(page);
  await expect(page.getByTestId("banner-storage")).toHaveCount(0);
  expect((await call(page, "block", kept.height)).hash).toBe(kept.hash);
  await mineTo(page, kept.height + 3);
});

// What becomes of a node's own records is among the tests of hostile pages.
for (const store of ["blocks", "meta", "identities"]) {
  test(`damaged ${store}: the page says so, starts from what can be trusted, and mines`, async ({ open, rooms, outsider, shot }) => {
    const room = rooms({ bits: BITS.quick });
    const page = await open(room);
    await mineTo(page, 10);
    if (store === "meta") { // nothing is written there before the first reset
      await call(page, "reset");
      await mineTo(page, 5);
    }
    await page.close();
    await outsider.waitForTimeout(300);
    expect(await spoil(outsider, store)).toBeGreaterThan(0);

    const again = await open(room);
    await expect(again.getByTestId("banner-storage").or(again.getByTestId("log").getByText(/was damaged/)).first()).toBeVisible();
    await mineTo(again, (await tip(again)).height + 3);
    await shot(again, `damaged-${store}`);
    // What is written now is good again.
    const { height } = await tip(again);
    await again.reload();
    await ready(again);
    expect((await tip(again)).height).toBeGreaterThanOrEqual(await again.getByTestId("banner-storage").count() ? 0 : height);
    await mineTo(again, (await tip(again)).height + 2);
  });
}

test("data of another version is kept: the session runs in memory beside it", async ({ open, rooms, outsider, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const first = await open(room);
  await mineTo(first, 3);
  await first.close();
  await outsider.waitForTimeout(300);
  const before = await databases(outsider);
  expect(before.length).toBeGreaterThan(0);
  // A later version of Tabchain raises the number of each and writes in its own way.
  await outsider.evaluate(async (names) => {
    for (const name of names) {
      await new Promise((resolve, reject) => {
        const request = indexedDB.open(name, 99);
        request.onupgradeneeded = () => {
          const marks = request.result.createObjectStore("of-the-future");
          marks.put("precious", "mark");
        };
        request.onsuccess = () => { request.result.close(); resolve(); };
        request.onerror = () => reject(request.error);
        request.onblocked = () => reject(new Error("blocked"));
      });
    }
  }, before.map(({ name }) => name));

  const page = await open(room);
  await worksInMemory(page);
  await expect(page.getByTestId("banner-storage")).toContainText("another version");
  await shot(page, "another-version");
  await page.close();
  const marks = await outsider.evaluate(async (names) => {
    const found = [];
    for (const name of names) {
      const database = await new Promise((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const stores = [...database.objectStoreNames];
      const objects = database.transaction(stores).objectStore("of-the-future");
      const mark = await new Promise((resolve) => { objects.get("mark").onsuccess = (event) => resolve(event.target.result); });
      found.push({ name, version: database.version, stores: stores.length, mark });
      database.close();
    }
    return found;
  }, before.map(({ name }) => name));
  for (const { version, stores, mark } of marks) {
    expect({ version, mark }).toEqual({ version: 99, mark: "precious" });
    expect(stores, "the old stores are there, too").toBeGreaterThan(1);
  }
});

test("the room's database is named as documented, and no other is made", async ({ open, rooms, baseURL }) => {
  const room = rooms();
  const page = await open(room);
  await mineTo(page, 1);
  const found = (await databases(page)).map(({ name }) => name);
  expect(found).toContain(names(baseURL).database(room));
  for (const name of found) expect(name).toMatch(/^tabchain:1:\/some\/folder\/:(browser|room:[0-9a-f]{32})$/);
  await call(page, "status");
});
