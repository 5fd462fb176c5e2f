// Tabs die, reload, are copied, freeze; browsers are killed.
import { test, expect, agree, block, call, height, lifecycle, logged, mine, mineTo, own, reaches, ready, status, tip, BITS } from "./lib/test.mjs";

const NOTICED = 5_000;

async function isNoticed(page) {
  await expect.poll(async () => (await status(page)).peers, { message: "a dead tab is noticed", timeout: NOTICED }).toBe(0);
}

for (const [how, end] of [
  ["closed", (page) => page.close()],
  ["crashed", async (page, context) => {
    const cdp = await context.newCDPSession(page);
    const gone = page.waitForEvent("crash");
    cdp.send("Page.crash").catch(() => {}); // nobody is left to answer
    await gone;
  }],
]) {
  test(`a tab that is ${how} while it mines is noticed within 5 s`, async ({ context, open, rooms, shot }) => {
    const room = rooms({ bits: BITS.quick });
    const [stays, dies] = [await open(room), await open(room)];
    await mine(dies);
    await reaches(stays, 3);
    expect((await status(stays)).peers).toBe(1);
    await end(dies, context);
    await isNoticed(stays);
    await logged(stays, /Tab 2 is gone/);
    const left = await height(stays);
    await mineTo(stays, left + 2);
    await shot(stays, how);
  });
}

test("a reloaded tab keeps its tip and its identities and does not mine", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  await call(page, "addNode");
  await mineTo(page, 5);
  await agree([page]);
  const [before, nodes] = [await tip(page), await own(page)];
  expect(nodes).toHaveLength(2);
  await page.reload();
  await ready(page);
  expect(await tip(page)).toEqual(before);
  expect((await own(page)).map(({ id, seat }) => [id, seat])).toEqual(nodes.map(({ id, seat }) => [id, seat]));
  expect((await status(page)).mining).toBe(false);
  await logged(page, /came back from storage/);
  await shot(page, "reloaded");
});

test("who found a block is known long after its tab is gone", async ({ open, rooms, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const [stays, goes] = [await open(room), await open(room)];
  const [{ name }] = await own(goes);
  expect((await own(stays))[0].name, "two nodes").not.toBe(name);
  await mineTo(goes, 3);
  await agree([stays, goes]);
  const { hash } = await tip(stays);
  await goes.close();
  await stays.reload();
  await ready(stays);
  await block(stays, hash).click();
  await expect(stays.getByTestId("block-detail")).toContainText(name);
  await shot(stays, "finder");
});

test("a duplicated tab becomes a node of its own", async ({ context, open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  await mineTo(page, 3);
  const [mineIds, opened] = [await own(page), context.waitForEvent("page")];
  // As the browser's Duplicate does: the copy starts with the session storage.
  await page.evaluate(() => { window.open(location.href); });
  const copy = await opened;
  await ready(copy);
  const [copyIds] = [await own(copy)];
  expect(copyIds.map(({ id }) => id)).not.toContain(mineIds[0].id);
  expect((await own(page)).map(({ id }) => id)).toEqual(mineIds.map(({ id }) => id));
  await agree([page, copy]);
  await expect.poll(async () => (await status(page)).peers).toBe(1);
  await mineTo(copy, (await height(copy)) + 2);
  await agree([page, copy]);
  await shot(copy, "duplicate");
});

test("a frozen tab restarts cleanly and catches up", async ({ open, ownBrowser, rooms, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const { context } = await ownBrowser();
  const sleeper = await open(room, { page: await context.newPage() });
  const other = await open(room, { page: await context.newPage() });
  await other.bringToFront();
  await mineTo(other, 2);
  const before = await own(sleeper);
  await agree([sleeper, other]);
  const { freeze, thaw } = await lifecycle(sleeper);
  await freeze();
  await expect.poll(async () => (await status(other)).peers, { timeout: NOTICED + 2_000 }).toBe(0);
  await mineTo(other, (await height(other)) + 5);
  await thaw();
  await agree([sleeper, other]);
  await logged(sleeper, /frozen and is back/);
  expect((await own(sleeper)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  await expect.poll(async () => (await status(other)).peers).toBe(1);
  await mineTo(sleeper, (await height(sleeper)) + 3);
  await agree([sleeper, other]);
  await sleeper.bringToFront();
  await shot(sleeper, "resumed");
});

test("a tab left by a link comes back out of the back-forward cache: it left the room and enters it again", async ({ allowed, open, ownBrowser, rooms, baseURL, shot }) => {
  allowed.push(/404/); // the favicon of a page that is no HTML
  const room = rooms({ bits: BITS.quick });
  const { context } = await ownBrowser(); // Playwright's own switches that cache off
  const other = await open(room, { page: await context.newPage() });
  const page = await open(room, { page: await context.newPage() });
  await mineTo(page, 3);
  const [before, nodes] = [await agree([page, other]), await own(page)];
  await page.evaluate(() => { window.kept = true; });
  await page.goto(new URL("boot.js", baseURL).href);
  await expect.poll(async () => (await status(other)).peers).toBe(0);
  await page.goBack({ waitUntil: "commit" }); // nothing is loaded
  await expect.poll(() => page.evaluate(() => window.kept), { message: "the very same page" }).toBe(true);
  await logged(page, /frozen and is back/);
  expect(await tip(page)).toEqual(before);
  expect((await own(page)).map(({ id }) => id)).toEqual(nodes.map(({ id }) => id));
  await mineTo(page, before.height + 2);
  await agree([page, other]);
  await shot(page, "back");
});

test("chain and identity survive a killed browser", async ({ open, ownBrowser, rooms, shot }) => {
  const first = await ownBrowser();
  const page = await open(rooms({ bits: BITS.quick }), { page: await first.context.newPage() });
  await mine(page);
  await reaches(page, 20);
  const [before, nodes] = [await tip(page), await own(page)];
  await first.kill();

  const second = await ownBrowser();
  // Neither link nor session: the room used last, and the identity that is free.
  const again = await open(undefined, { page: await second.context.newPage() });
  expect(await height(again)).toBeGreaterThanOrEqual(before.height);
  expect((await call(again, "block", before.height)).hash).toBe(before.hash);
  expect((await own(again)).map(({ id }) => id)).toEqual(nodes.map(({ id }) => id));
  expect((await status(again)).mining).toBe(false);
  await mineTo(again, before.height + 3);
  await shot(again, "killed-browser");
});
