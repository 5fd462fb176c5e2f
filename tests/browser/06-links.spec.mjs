// A link comes from anybody. It opens a room within the limits or says what is
// wrong with it; it never mines and never runs a script.
import { agree, test, expect, mineTo, ready, status } from "./lib/test.mjs";

const good = "room=maple&spacing=10&bits=1e00ffff&window=8&halving=210000";
const but = (part) => good.replace(new RegExp(`${part.split("=")[0]}=[^&]*`), part);

// What the page itself handles: markup, the size, one of each sort of reason. All the reasons are among
// the tests of rooms (`crates/scenario/tests/room.rs`).
const BAD = {
  "a script as name": but("room=<script>alert(1)</script>"),
  "an encoded script as name": but("room=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"),
  "a script address as name": but("room=javascript:alert(1)"),
  "a name with direction marks": but("room=%E2%80%AEelpam"),
  "a name with zeros": but("room=a%00b"),
  "spacing 0": but("spacing=0"),
  "a parameter missing": "room=maple&spacing=10",
  "a prototype as parameter": `${good}&__proto__=1`,
  "a checksum that does not fit": `${good}&check=0000`,
  "100 KB": but(`room=${"a".repeat(100_000)}`),
  "10,000 parameters": `${good}${"&a=1".repeat(10_000)}`,
  "no parameters at all": "=",
};

const START = { timeout: 20_000 };

test("each hostile link gets the message and a way back, and none starts anything", async ({ page, baseURL, shot }) => {
  test.setTimeout(120_000);
  const said = [];
  page.on("dialog", (dialog) => { said.push(dialog.message()); dialog.dismiss(); });
  for (const [what, query] of Object.entries(BAD)) {
    await page.goto("about:blank");
    await page.goto(`${baseURL}#/live?${query}`);
    const message = page.getByTestId("bad-room");
    await expect(message, what).toBeVisible(START);
    await expect(message.getByRole("button").or(message.getByRole("link")).first(), what).toBeVisible();
    expect(await page.evaluate(() => document.querySelectorAll("main script, main img, main iframe, [onerror], [onload]").length), what).toBe(0);
    expect(page.workers().filter((worker) => worker.url().includes("miner")), what).toEqual([]);
    if (what === "a name with direction marks") await expect(message).toContainText("\\u{202e}elpam");
    if (what === "an encoded script as name") await shot(page, "script");
  }
  expect(said, "nothing ran").toEqual([]);
  // What was opened on the way: nothing.
  const kept = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name).filter((name) => name.includes(":room:")));
  expect(kept).toEqual([]);
  // The way back.
  const message = page.getByTestId("bad-room");
  await message.getByRole("button", { name: "room used last" }).click();
  await expect(message).toHaveCount(0);
  await ready(page);
  expect(await status(page)).toMatchObject({ mining: false, tip: { height: 0 } });
});

test("a hostile link in an open tab leaves the chain of before in its place", async ({ open, rooms, shot }) => {
  const page = await open(rooms());
  await mineTo(page, 3);
  const [before, link] = [await status(page), await page.evaluate(() => location.hash)];
  await page.evaluate(() => { location.hash = "#/live?room=<b>x</b>&spacing=0"; });
  await expect(page.getByTestId("bad-room")).toBeVisible();
  await shot(page, "while-open");
  await page.evaluate((link) => { location.hash = link; }, link);
  await expect(page.getByTestId("bad-room")).toHaveCount(0);
  await ready(page);
  expect((await status(page)).tip).toEqual(before.tip);
});

test("a good link opens its room and does not mine, whatever the tab did before", async ({ open, rooms, shot }) => {
  const [first, second] = [rooms({}, "-a"), rooms({}, "-b")];
  const page = await open(first);
  await page.getByTestId("mine-button").click();
  await expect.poll(async () => (await status(page)).mining).toBe(true);
  await page.evaluate((hash) => { location.hash = hash; }, second.hash);
  await expect.poll(async () => (await status(page).catch(() => null))?.room.name).toBe(second.name);
  expect(await status(page)).toMatchObject({ mining: false, hashRate: 0, tip: { height: 0 } });
  await shot(page, "second-room");
});

test("a link that a mail program has escaped opens its room", async ({ open, rooms, shot }) => {
  const room = rooms();
  const first = await open(room);
  await mineTo(first, 2);
  const escaped = await open({ hash: `#${encodeURIComponent(room.hash.slice(1))}` });
  await agree([first, escaped]);
  expect((await status(escaped)).room).toEqual((await status(first)).room);
  await shot(escaped, "escaped");
});

for (const [what, hash] of [["unknown", "#/lab"], ["script", "#javascript:alert(1)"], ["markup", "#/<img src=x onerror=alert(1)>"]]) {
  test(`an address that leads nowhere says so (${what})`, async ({ open, shot }) => {
    const page = await open({ hash });
    await expect(page.getByText("There is nothing here")).toBeVisible();
    await page.getByRole("link", { name: "To the chain", exact: true }).click();
    await expect(page.getByTestId("mine-button")).toBeVisible();
    if (what === "unknown") await shot(page, "nowhere");
  });
}
