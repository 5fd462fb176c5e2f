// Every view in each language and each theme at two widths: axe finds
// nothing, nothing has to be scrolled sideways, and a finger hits every control.
import { test, expect, agree, call, kill, mine, mineTo, reachable, reaches, ready, room as roomOf, stop, tip, BITS } from "./lib/test.mjs";
import { tooSmall, usable } from "./lib/axe.mjs";

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 360, height: 740 };

const escape = async (page, testid) => {
  await page.keyboard.press("Escape");
  await expect(page.getByTestId(testid)).toHaveCount(0);
};

// Each view: how to come to it and how to leave it.
const VIEWS = {
  "the chain with a fork": [async () => {}, async () => {}],
  "a block's details": [async (page, { hash }) => {
    await page.evaluate((hash) => document.querySelector(`[data-testid="block-${hash}"]`).dispatchEvent(new MouseEvent("click", { bubbles: true })), hash);
    await expect(page.getByTestId("block-detail")).toHaveAttribute("data-hash", hash);
    await expect(page.getByTestId("block-detail").locator(".segment").first()).toBeVisible();
  }, async () => {}],
  "the table": [
    (page) => page.getByTestId("view-toggle").click(),
    (page) => page.getByTestId("view-toggle").click(),
  ],
  "the share dialog": [
    (page) => page.getByTestId("share-button").click(),
    (page) => escape(page, "share-dialog"),
  ],
  "the room dialog": [
    async (page) => {
      await page.getByTestId("room-button").click();
      await page.getByTestId("room-dialog").locator("summary").click();
    },
    (page) => escape(page, "room-dialog"),
  ],
  "the reset dialog": [
    (page) => page.getByTestId("reset-button").click(),
    (page) => escape(page, "reset-dialog"),
  ],
  "about": [
    async (page) => {
      await page.evaluate(() => { location.hash = "#/about"; });
      await expect(page.getByTestId("block-detail")).toHaveCount(0);
    },
    async () => {},
  ],
  "an address that leads nowhere": [
    async (page) => {
      await page.evaluate(() => { location.hash = "#/nowhere"; });
      await expect(page.getByTestId("block-detail")).toHaveCount(0);
    },
    async () => {},
  ],
  "a bad room": [
    async (page) => {
      await page.evaluate(() => { location.hash = "#/live?room=A&spacing=0"; });
      await expect(page.getByTestId("bad-room")).toBeVisible();
    },
    async () => {},
  ],
};

// On a small screen one panel shows at a time; the bar below changes it.
const PANELS = ["Mine", "Chain", "Peers", "Log"];

// A chain with a fork in it, seen from the side that lost.
async function fork(context, url, room) {
  const [page, other] = [await context.newPage(), await context.newPage()];
  for (const each of [page, other]) {
    await each.goto(url + room.hash);
    await ready(each);
  }
  await mineTo(other, 2);
  const base = await agree([page, other]);
  await call(page, "setOnline", false);
  await mineTo(page, base.height + 1);
  const lost = await tip(page);
  await mineTo(other, lost.height + 2);
  await call(page, "setOnline", true);
  await agree([page, other]);
  await mine(page);
  await reaches(page, lost.height + 5);
  await stop(page);
  await other.close();
  return { page, lost };
}

// Each language and each theme once: what a theme does to one language's words it does to the other's.
for (const [locale, colorScheme] of [["en-GB", "light"], ["zh-CN", "dark"]]) {
  test(`axe finds nothing: ${locale}, ${colorScheme}`, async ({ allowed, contextOf, host, shot }) => {
    test.setTimeout(150_000);
    allowed.push(/struck by a test/);
    const url = await host({ "engine_loader.js": reachable("engine", `setTimeout(() => { throw new Error("struck by a test"); })`) });
    const context = await contextOf({ locale, colorScheme, viewport: WIDE });
    const room = roomOf(`axe-${locale.slice(0, 2)}-${colorScheme}`, { bits: BITS.brisk });
    const { page, lost } = await fork(context, url, room);
    await expect(page.locator("html")).toHaveAttribute("lang", new RegExp(`^${locale.slice(0, 2)}`));
    for (const [width, size] of Object.entries({ wide: WIDE, narrow: NARROW })) {
      await page.setViewportSize(size);
      for (const [name, [enter, leave]] of Object.entries(VIEWS)) {
        const what = `${name}, ${locale}, ${colorScheme}, ${width}`;
        if (width === "narrow" && ["the table", "a block's details", "the reset dialog"].includes(name)) await panel(page, 1);
        await enter(page, lost);
        await usable(page, what);
        if (width === "narrow") expect.soft(await tooSmall(page), `for a finger: ${what}`).toEqual([]);
        await shot(page, `${locale}-${colorScheme}-${width}-${name.replaceAll(/\W+/g, "-")}`);
        await leave(page);
      }
      await page.evaluate((hash) => { location.hash = hash; }, room.hash);
      await expect(page.getByTestId("bad-room")).toHaveCount(0);
      await ready(page);
    }
    for (const [index, name] of PANELS.entries()) {
      await panel(page, index);
      if (name === "Mine") await page.locator(".panel-mine summary").click();
      await usable(page, `panel ${name}`);
      expect.soft(await tooSmall(page), `for a finger: panel ${name}`).toEqual([]);
      await shot(page, `${locale}-${colorScheme}-narrow-panel-${name}`);
    }
    await kill(page, "engine");
    await expect(page.getByTestId("crash-dialog")).toBeVisible();
    for (const size of [WIDE, NARROW]) {
      await page.setViewportSize(size);
      await usable(page, `crash dialog, ${size.width}`);
    }
    expect.soft(await tooSmall(page), "for a finger: crash dialog").toEqual([]);
    await shot(page, `${locale}-${colorScheme}-narrow-crash`);
  });
}

// Shows a panel by its place in the bar.
async function panel(page, index) {
  await page.locator("nav.bottom button").nth(index).click();
}
