// Workers die: by an error, or by never answering again.
import { test, expect, agree, call, height, kill, logged, mine, mineTo, own, reachable, reaches, ready, status, stop, tip, BITS } from "./lib/test.mjs";

const rate = async (page) => (await status(page)).hashRate;

const BY_ERROR = `setTimeout(() => { throw new Error("struck by a test"); })`;

test("a mining worker that dies is replaced and the rate recovers", async ({ allowed, host, open, rooms, shot }) => {
  allowed.push(/struck by a test/);
  const url = await host({ "miner_loader.js": reachable("miner", BY_ERROR) });
  const page = await open(rooms({ bits: BITS.quick }), { url });
  await mine(page);
  await expect.poll(() => rate(page), { timeout: 15_000 }).toBeGreaterThan(0);
  const before = await height(page);
  await kill(page, "miner");
  await logged(page, /worker died and was replaced/, 15_000);
  await reaches(page, Math.max(before, await height(page)) + 5);
  await expect.poll(() => rate(page), { timeout: 15_000 }).toBeGreaterThan(0);
  await shot(page, "miner-error");
  await stop(page);
  await expect.poll(() => rate(page)).toBe(0);
});

test("mining workers that cannot even be loaded do not take the page down", async ({ allowed, host, open, rooms }) => {
  allowed.push(/struck by a test/);
  const url = await host({ "miner_loader.js": (text) => `throw new Error("struck by a test");\n${text}` });
  const page = await open(rooms(), { url });
  await call(page, "startMining", { workers: 1, duty: 1 }).catch(() => {});
  await page.waitForTimeout(3_000);
  await expect(page.getByTestId("mine-button")).toBeVisible();
  expect(await rate(page)).toBe(0);
  await stop(page);
});

// What a host does that gets a new version while a page of the old one is open.
const ofAnotherBuild = (text) => text.replace(/tabchainBuild = "\w+"/, `tabchainBuild = "another"`);

test("miners of another build do not mine: the page asks to be reloaded and goes on without", async ({ host, open, rooms, shot }) => {
  const url = await host({ "miner_loader.js": ofAnotherBuild });
  const room = rooms({ bits: BITS.quick });
  const [page, miner] = [await open(room, { url }), await open(room)];
  await page.getByTestId("mine-button").click();
  await expect(page.getByTestId("banner-build")).toContainText(/reload/i);
  await expect.poll(async () => (await status(page)).mining).toBe(false);
  expect(await height(page)).toBe(0);
  expect(await height(miner)).toBe(0);
  await page.getByTestId("add-node").click(); // everything else works
  await expect(page.getByTestId("tabs-panel").locator("li.node")).toHaveCount(2);
  await shot(page, "other-build");
});

test("an engine of another build is not talked to: the page asks to be reloaded, and calls fail at once", async ({ host, page, rooms, shot }) => {
  const url = await host({ "engine_loader.js": ofAnotherBuild });
  await page.goto(url + rooms().hash);
  await expect(page.getByTestId("banner-build")).toContainText(/reload/i);
  const error = await call(page, "status").catch((error) => error.message);
  expect(error).toContain("not-ready");
  await shot(page, "other-engine");
});

for (const [how, death, patience] of [
  ["by an error", BY_ERROR, 10_000],
  ["in the middle of its program", `Performance.prototype.now = Date.now = () => { throw new Error("struck by a test"); }`, 20_000],
  ["in an endless loop", "for (;;) {}", 30_000], // and holds its locks until the browser ends it
]) {
  test(`an engine that dies ${how} is replaced: chain, identity and mining come back`, async ({ allowed, context, host, open, rooms, shot }) => {
    test.setTimeout(90_000);
    allowed.push(/struck by a test/, /unreachable|recursive use|null pointer/);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const url = await host({ "engine_loader.js": reachable("engine", death) });
    const room = rooms({ bits: BITS.quick });
    const page = await open(room, { url });
    await mine(page);
    await reaches(page, 5);
    const [before, nodes] = [await tip(page), await own(page)];
    await kill(page, "engine");

    const dialog = page.getByTestId("crash-dialog");
    await expect(dialog).toBeVisible({ timeout: patience });
    await shot(page, `engine-${how.split(" ").at(-1)}`);
    await dialog.getByRole("button", { name: /report/i }).click();
    const report = await page.evaluate(() => navigator.clipboard.readText());
    expect(report).toMatch(/^Tabchain \d+\.\d+\.\d+\n./);
    if (!/loop/.test(how)) expect(report).toContain("struck by a test");
    await dialog.getByRole("button", { name: "Close" }).click();
    await expect(dialog).toHaveCount(0);

    await reaches(page, before.height + 3);
    expect((await call(page, "block", before.height)).hash).toBe(before.hash);
    expect((await own(page)).map(({ id }) => id)).toEqual(nodes.map(({ id }) => id));
    expect((await status(page)).mining, "it goes on mining").toBe(true);
  });
}

test("other tabs are not affected by an engine that dies", async ({ allowed, host, open, rooms }) => {
  allowed.push(/struck by a test/);
  // Only the engine that is marked dies.
  const url = await host({ "engine_loader.js": reachable("engine", `if (self.testMarked) ${BY_ERROR}`) });
  const room = rooms({ bits: BITS.quick });
  const [victim, other] = [await open(room, { url }), await open(room, { url })];
  const [engine] = victim.workers().filter((worker) => worker.url().includes("engine"));
  await engine.evaluate(() => { self.testMarked = true; });
  await mine(other);
  await reaches(victim, 2);
  await kill(other, "engine");
  await expect(victim.getByTestId("crash-dialog")).toBeVisible();
  await expect(other.getByTestId("crash-dialog")).toHaveCount(0);
  await reaches(other, (await height(other)) + 5);
  await stop(other);
  await agree([victim, other], 20_000);
});

test("an engine that dies again and again is left off, and can be started by hand", async ({ allowed, host, page, rooms, shot }) => {
  allowed.push(/struck by a test/);
  let deadly = true;
  const url = await host({ "engine_loader.js": (text) => (deadly ? `setTimeout(() => { throw new Error("struck by a test"); }, 50);\n${text}` : text) });
  await page.goto(url + rooms().hash);
  const dialog = page.getByTestId("crash-dialog");
  const again = dialog.getByRole("button", { name: "Start again" });
  await expect(again).toBeVisible({ timeout: 20_000 });
  await shot(page, "given-up");
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  const banner = page.getByTestId("banner-crash");
  await expect(banner, "the way back is not lost with the dialog").toBeVisible();
  deadly = false;
  await banner.getByRole("button", { name: "Start again" }).click();
  await expect(banner).toHaveCount(0);
  await ready(page);
  await mineTo(page, 2);
});
