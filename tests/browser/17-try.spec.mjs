// The rooms under #/try: a program of its own that is loaded when it is wanted, links that restore
// a room's state, and what each room shows.
import { createHash } from "node:crypto";
import { test, expect, height, mine, reaches, status, stop, BITS } from "./lib/test.mjs";
import { tooSmall, usable } from "./lib/axe.mjs";

const ROOMS = ["hash", "keys", "tamper", "difficulty", "supply"];
const room = (page, name) => page.getByTestId(`try-${name}`);
const go = (page, hash) => page.evaluate((hash) => { location.hash = hash; }, hash);
const link = (page) => page.getByTestId("copy-link").getAttribute("data-link");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

// A range input as a person leaves it.
const slide = (page, testid, value) => page.getByTestId(testid).fill(String(value));

test("the program is fetched when its route opens, and mining goes on meanwhile", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  const asked = [];
  page.on("request", (request) => { if (request.url().includes("try-page")) asked.push(new URL(request.url()).pathname.split("/").pop()); });
  await mine(page);
  await reaches(page, 1);
  expect(asked, "nothing is fetched before it is wanted").toEqual([]);
  await page.getByTestId("try-link").click();
  await expect(page.getByTestId("try-list").getByRole("listitem")).toHaveCount(ROOMS.length);
  expect(asked.toSorted()).toEqual(["try-page.js", "try-page_bg.wasm", "try-page_loader.js"]);
  await expect(page.getByTestId("try-link")).toHaveAttribute("aria-current", "page");
  await expect(page).toHaveTitle("Try · Tabchain");
  await shot(page, "list");
  await page.getByTestId("room-link-hash").click();
  await expect(room(page, "hash")).toBeVisible();
  await expect(page).toHaveTitle("Hash · Try · Tabchain");
  await reaches(page, (await height(page)) + 2);
  await stop(page);

  // Language and colours are the page's; both sides follow.
  await page.getByTestId("lang-toggle").click();
  await expect(room(page, "hash").getByRole("heading", { level: 1 })).toHaveText("哈希");
  await expect(page).toHaveTitle("哈希 · 试一试 · Tabchain");
  await page.getByTestId("lang-toggle").click();
  await page.getByTestId("room-button").click(); // the page's own buttons do what they did
  await expect(page.getByTestId("room-dialog")).toBeVisible();
  await page.keyboard.press("Escape");

  await page.locator(".brand").click();
  await expect(page.getByTestId("mine-button")).toBeVisible();
  await expect(page.getByTestId("program")).toHaveCount(0);
  await expect(page).toHaveTitle(/^Block \d+ · Tabchain$/);
  await go(page, "#/try/supply");
  await expect(room(page, "supply")).toBeVisible();
  expect(asked, "it is fetched once").toHaveLength(3);
  // Rooms with signatures are another program; its entry is in both.
  await page.getByTestId("room-link-keys").press("Enter");
  await expect(room(page, "keys")).toBeVisible();
  expect(await page.evaluate(() => document.activeElement.id), "the focus is not lost with the link").toBe("main");
  await page.getByTestId("make-keys").click();
  await expect(page.getByTestId("sign"), "clicks arrive where they belong").toBeEnabled();
  await page.getByTestId("room-link-hash").click();
  await expect(page.getByTestId("differing")).toHaveText("131");
});

test("a program that cannot be fetched says so, and comes when it is asked for again", async ({ allowed, open, shot }) => {
  allowed.push(/Failed to load resource/, /ERR_FAILED/); // what the test itself does
  const page = await open();
  await page.route("**/try-page_bg.wasm*", (route) => route.abort());
  await go(page, "#/try/hash");
  await expect(page.getByTestId("program").getByRole("alert")).toBeVisible();
  await shot(page, "failed");
  await page.unroute("**/try-page_bg.wasm*");
  await page.getByTestId("try-again").click();
  await expect(room(page, "hash")).toBeVisible();
});

test("a program of another build is not started", async ({ allowed, host, context }) => {
  allowed.push(/./);
  const url = await host({ "try-page_loader.js": (text) => text.replace(/build = "[0-9a-f]+"/, 'build = "000000000000"') });
  const page = await context.newPage();
  await page.goto(`${url}#/try`);
  await expect(page.getByTestId("program").getByRole("alert")).toContainText("different versions");
  await expect(page.getByTestId("program").getByRole("button", { name: "Reload" })).toBeVisible();
});

test("one bit changes about half of the digest, and tries are counted", async ({ open, shot }) => {
  const page = await open({ hash: "#/try/hash" });
  const digest = () => page.getByTestId("digest").getAttribute("data-digest");
  expect(await digest()).toBe(sha256("Tabchaio"));
  await expect(page.getByTestId("differing")).toHaveText("131");
  await page.getByTestId("bit-7").click();
  await expect(page.getByTestId("differing")).toHaveText("0");
  await page.getByTestId("hash-text").fill("链 100% & more");
  await expect.poll(digest).toBe(sha256("链 100% & more"));
  await page.getByTestId("bit-0").press("Space");
  await expect(page.getByTestId("bit-0")).toHaveAttribute("aria-pressed", "true");
  const changed = Buffer.from("链 100% & more");
  changed[changed.length - 1] ^= 0x80;
  expect(await digest()).toBe(sha256(changed));

  // The link has the whole state, also after a mail program has escaped it.
  const state = await link(page);
  const other = await page.context().newPage();
  await other.goto(state.replace("?", "%3F").replaceAll("&", "%26"));
  await expect(other.getByTestId("bit-0")).toHaveAttribute("aria-pressed", "true");
  expect(await other.getByTestId("digest").getAttribute("data-digest")).toBe(sha256(changed));
  await other.close();

  await room(page, "hash").getByRole("radio", { name: "2", exact: true }).check({ force: true });
  await page.getByTestId("tries-start").click();
  await expect(page.getByTestId("tries-done")).toContainText("20 of 20 found");
  await expect(page.getByTestId("first-2")).toHaveText(/^[\d,]+$/);
  await shot(page, "hash");
  await room(page, "hash").getByRole("radio", { name: "5", exact: true }).check({ force: true });
  await page.getByTestId("tries-start").click();
  await page.getByTestId("tries-stop").click();
  await expect(page.getByTestId("tries-start")).toBeVisible();

  // What was typed is remembered in this tab until one starts over.
  await page.reload();
  await expect(page.getByTestId("hash-text")).toHaveValue("链 100% & more");
  await page.getByTestId("start-over").click();
  await expect(page.getByTestId("hash-text")).toHaveValue("Tabchain");
});

test("one altered bit of message, key or signature breaks a signature", async ({ open, shot }) => {
  const page = await open({ hash: "#/try/keys" });
  const verdict = page.getByTestId("verdict");
  await expect(verdict).toHaveAttribute("data-verdict", "unsigned");
  await expect(page.getByTestId("sign")).toBeDisabled();
  await page.getByTestId("make-keys").click();
  await page.getByTestId("sign").click();
  await expect(verdict).toHaveAttribute("data-verdict", "holds");
  for (const part of ["message", "key", "signature"]) {
    await slide(page, `place-${part}`, 12);
    await page.getByTestId(`flip-${part}`).click();
    await expect(verdict).toHaveAttribute("data-verdict", /fails|not-a-key/);
    if (part === "signature") break;
    await page.getByTestId(`flip-${part}`).click();
    await expect(verdict).toHaveAttribute("data-verdict", "holds");
  }
  await shot(page, "keys");
  const other = await page.context().newPage();
  await other.goto(await link(page));
  await expect(other.getByTestId("verdict")).toHaveAttribute("data-verdict", "fails");
  await other.getByTestId("flip-signature").click();
  await expect(other.getByTestId("verdict"), "the signature of the link is whole").toHaveAttribute("data-verdict", "holds");
  await expect(other.getByTestId("sign"), "a link never has the secret").toBeDisabled();
  expect(new URL(other.url()).hash, "the address no longer says what was shown before").toBe("#/try/keys");
  await other.getByTestId("message").fill("Ada pays Ben 9.5 coins");
  await expect(other.getByTestId("verdict")).toHaveAttribute("data-verdict", "fails");
  await other.close();
});

test("no randomness, no key", async ({ allowed, open }) => {
  const page = await open({ hash: "#/try/keys" });
  await expect(room(page, "keys")).toBeVisible();
  await page.evaluate(() => { crypto.getRandomValues = () => { throw new Error("none"); }; });
  await page.getByTestId("make-keys").click();
  await expect(room(page, "keys").getByRole("alert")).toBeVisible();
  await expect(page.getByTestId("sign")).toBeDisabled();
});

test("a changed payment fails its checks; work mends some of them, and never a signature", async ({ open, shot }) => {
  const page = await open({ hash: "#/try/tamper" });
  const state = (block) => page.getByTestId(`tamper-block-${block}`).getAttribute("data-state");
  const check = (row, block) => page.getByTestId(`check-${row}-${block}`).getAttribute("data-state");
  const [ROOT, LINK, WORK, SIGNATURE, AMOUNTS] = [0, 1, 2, 3, 4];
  for (const block of [1, 2, 3, 4, 5]) expect(await state(block)).toBe("whole");
  await page.getByTestId("deed-amount").click();
  await expect(page.getByTestId("copy-state")).toContainText("From block 2 on");
  expect([await check(ROOT, 2), await check(LINK, 2), await check(WORK, 2)]).toEqual(["fails", "holds", "holds"]);
  expect([await check(SIGNATURE, 2), await check(AMOUNTS, 2)]).toEqual(["fails", "fails"]);
  expect(await state(3), "it holds by itself").toBe("resting");
  await page.getByTestId("mend-next").click();
  await expect.poll(() => check(ROOT, 2)).toBe("mended");
  expect(await check(LINK, 3), "block 3 still names the old block 2").toBe("fails");
  await page.getByTestId("mend-all").click();
  await expect.poll(() => check(LINK, 5)).toBe("mended");
  expect(await check(SIGNATURE, 2)).toBe("fails");
  await expect(page.getByTestId("never-counts")).toContainText("block 2");
  await shot(page, "tamper");

  // The link has what was done and the nonces that were found; nothing is searched for again.
  const other = await page.context().newPage();
  await other.goto(await link(page));
  await expect(other.getByTestId("check-1-5")).toHaveAttribute("data-state", "mended");
  await expect(other.getByTestId("mend-tries")).toHaveText(await page.getByTestId("mend-tries").innerText());
  await other.close();

  await page.getByTestId("start-over").click();
  await page.getByTestId("tamper-block-4").click();
  await page.getByTestId("deed-leave-out").click();
  await page.getByTestId("mend-all").click();
  await expect(page.getByTestId("copy-state")).toContainText("Every block holds, but from block 4 on it is another chain");
  await page.getByTestId("start-over").click();
  await page.getByTestId("deed-flip-t").click();
  await expect.poll(() => check(WORK, 2)).toBe("fails");
  expect(await check(LINK, 3)).toBe("fails");
  await page.getByTestId("deed-flip-t").click();
  await expect(page.getByTestId("copy-state")).toContainText("Nothing was changed");
});

test("rules follow hash power, but for the clamped one; the supply ends where it must", async ({ open, shot }) => {
  const page = await open({ hash: "#/try/difficulty" });
  const slowest = async (rule) => Number(await page.getByTestId(`rule-${rule}`).getAttribute("data-slowest"));
  expect(await slowest("clamped")).toBeGreaterThan(20_000);
  for (const rule of ["weighted", "planned"]) expect(await slowest(rule)).toBeLessThan(7_000);
  await expect(page.getByTestId("rule-clamped")).toContainText("never");
  await shot(page, "difficulty");
  await slide(page, "power", 0);
  await expect.poll(() => slowest("windows")).toBeGreaterThan(12_000);
  await go(page, "#/try/supply");
  await expect(page.getByTestId("supply-total")).toHaveText("2,099,999,997,690,000 satoshi");
  await slide(page, "supply-height", 6_930_000);
  await expect(page.getByTestId("supply-sum")).toHaveText("20,999,999.97690000");
  await slide(page, "supply-height", 0);
  await expect(page.getByTestId("supply-sum")).toHaveText("50.00000000");
  await shot(page, "supply");
});

test("hostile links are refused with the value that does not fit", async ({ open }) => {
  const page = await open({ hash: "#/try/hash?text=a&zeros=99" });
  const fault = page.getByTestId("bad-link");
  await expect(fault).toContainText("zeros");
  await expect(fault).toContainText("99");
  for (const [hash, said] of [
    ["#/try/keys?key=<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
    ["#/try/keys?secret=1", "secret=1"],
    [`#/try/hash?text=${"a".repeat(5_000)}`, "too long"],
    ["#/try/difficulty?power=127", "127"],
    ["#/try/supply?height=-1", "-1"],
    ["#/try/hash?text=~ff", "~ff"],
  ]) {
    await go(page, hash);
    await expect(fault, hash.slice(0, 60)).toContainText(said);
  }
  expect(await page.locator("img").count()).toBe(0);
  await page.getByTestId("start-over").click();
  await expect(fault).toHaveCount(0);
  await go(page, "#/try/alchemy");
  await expect(page.getByText("There is no such room")).toBeVisible();
  expect((await status(page)).nodes.length, "the nodes run all the same").toBeGreaterThan(0);
});

for (const [locale, colorScheme] of [["en-GB", "dark"], ["zh-CN", "light"]]) {
  test(`axe finds nothing in the rooms: ${locale}, ${colorScheme}`, async ({ baseURL, contextOf, open, shot }) => {
    test.setTimeout(120_000);
    const page = await (await contextOf({ locale, colorScheme, reducedMotion: "reduce" })).newPage();
    await open({ hash: "#/try" }, { page, url: baseURL });
    for (const [width, tall] of [[1440, 900], [360, 740]]) {
      await page.setViewportSize({ width, height: tall });
      for (const name of ["", ...ROOMS]) {
        await go(page, `#/try/${name}`);
        await expect(page.getByTestId(name ? `try-${name}` : "try-list")).toBeVisible();
        if (name === "keys") {
          await page.getByTestId("make-keys").click();
          await page.getByTestId("sign").click();
          await page.getByTestId("flip-key").click();
        }
        if (name === "hash") {
          await page.getByTestId("tries-start").click();
          await expect(page.getByTestId("tries-done")).toBeVisible();
        }
        await usable(page, `${name} ${width}`);
        if (width === 360) expect.soft(await tooSmall(page), `for a finger: ${name}`).toEqual([]);
        await page.screenshot({ path: `out/17-try-${locale}-${width}-${name || "list"}.png`, fullPage: true });
      }
    }
    await shot(page, `${locale}-${colorScheme}`);
  });
}
