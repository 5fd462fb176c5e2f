// What there is to read: fetched when it is opened, in both languages, with
// the numbers of the room that one is in.
import { AxeBuilder } from "@axe-core/playwright";
import { test, expect, height, mineTo, ready, status, stop, BITS } from "./lib/test.mjs";

const article = (page) => page.getByTestId("article");
const headings = (page) => article(page).getByRole("heading").evaluateAll((all) => all.map((one) => Number(one.tagName[1])));
const figures = (page) => article(page).locator(".figure").allTextContents();

test("the article on proof of work is reached from the chain and from About, and has this room's numbers", async ({ open, rooms, shot }) => {
  const room = rooms({ bits: BITS.quick, spacing: 60, window: 100, halving: 1000 });
  const page = await open(room);
  const asked = [];
  page.on("request", (request) => { if (request.url().includes("/content/")) asked.push(new URL(request.url()).pathname); });
  await mineTo(page, 3);
  await stop(page);
  expect(asked, "nothing is fetched before it is read").toEqual([]);
  await page.getByTestId("learn-link").click();
  await expect(article(page).getByRole("heading", { level: 1, name: "Proof of work" })).toBeVisible();
  expect(asked).toEqual(["/some/folder/content/protocols/pow/en.txt"]);
  const { room: rules } = await status(page);
  const shown = await figures(page);
  for (const figure of [room.name, rules.bits.toString(16), "60 sec", String(rules.window), "1,000", String(await height(page))]) {
    expect(shown, figure).toContain(figure);
  }
  expect(await article(page).innerText()).not.toMatch(/[{}]|…/);
  await shot(page, "article");
  // The chain goes on meanwhile, and so does its number.
  await mineTo(page, (await height(page)) + 2);
  await expect.poll(() => figures(page)).toContain(String(await height(page)));

  await article(page).getByRole("link", { name: "back to the chain" }).click();
  await expect(page.getByTestId("mine-button")).toBeVisible();
  expect((await status(page)).room.name).toBe(room.name);
  await page.evaluate(() => { location.hash = "#/about"; });
  await page.getByRole("link", { name: /what proof of work is/ }).click();
  await expect(article(page).getByRole("heading", { level: 1 })).toBeVisible();
});

test("the article follows the language, and both languages have the same sections", async ({ open, shot }) => {
  const page = await open({ hash: "#/learn/pow" });
  await expect(article(page).getByRole("heading", { level: 1 })).toHaveText("Proof of work");
  const english = await headings(page);
  await page.getByTestId("lang-toggle").click();
  await expect(article(page).getByRole("heading", { level: 1 })).toHaveText("工作量证明");
  expect(await headings(page)).toEqual(english);
  expect(english.length).toBeGreaterThan(4);
  await shot(page, "chinese");
  await page.getByTestId("lang-toggle").click();
  await expect(article(page).getByRole("heading", { level: 1 })).toHaveText("Proof of work");
});

test("one article leads to the other, which begins at its beginning", async ({ open, shot }) => {
  const page = await open({ hash: "#/learn/pow" });
  await article(page).getByRole("link", { name: "Raft" }).click();
  await expect(article(page).getByRole("heading", { level: 1, name: "Raft" })).toBeVisible();
  await expect(article(page).getByRole("heading", { level: 1 })).toBeInViewport();
  expect(await page.evaluate(() => scrollY)).toBe(0);
  await shot(page, "raft");
  await page.getByTestId("lang-toggle").click();
  await expect(article(page).getByRole("heading", { name: "任期与选举" })).toBeVisible();
  await article(page).getByRole("link", { name: "PBFT" }).click();
  await expect(article(page).getByRole("heading", { name: "三个阶段" })).toBeVisible();
  await shot(page, "pbft");
  await article(page).getByRole("link", { name: "Raft" }).click();
  await article(page).getByRole("link", { name: "工作量证明" }).click();
  await expect(article(page).getByRole("heading", { level: 1, name: "工作量证明" })).toBeVisible();
});

test("a text that is missing says so, and can be asked for again", async ({ allowed, baseURL, context, shot }) => {
  allowed.push(/404/);
  const page = await context.newPage();
  await page.route("**/content/**", (route) => route.fulfill({ status: 404, body: "not found" }));
  await page.goto(`${baseURL}#/learn/pow`);
  await expect(article(page).getByRole("alert")).toBeVisible();
  const again = page.waitForRequest((request) => request.url().includes("/content/"));
  await article(page).getByRole("button", { name: "Try again" }).click();
  await again;
  await expect(article(page).getByRole("alert")).toBeVisible();
  await article(page).getByRole("link", { name: "To the chain" }).click();
  await ready(page); // the nodes run all the same
  await shot(page, "missing");
});

test("a topic that there is not leads nowhere", async ({ open }) => {
  const page = await open({ hash: "#/learn/alchemy" });
  await expect(page.getByText("There is nothing here")).toBeVisible();
});

for (const [locale, colorScheme] of [["en-GB", "dark"], ["zh-CN", "light"]]) {
  test(`axe finds nothing in the article: ${locale}, ${colorScheme}`, async ({ baseURL, contextOf, open, rooms, shot }) => {
    const page = await (await contextOf({ locale, colorScheme })).newPage();
    await open(rooms({ bits: BITS.quick }), { page, url: baseURL });
    await page.getByTestId("learn-link").click();
    await expect(article(page).getByRole("heading", { level: 1 })).toBeVisible();
    for (const width of [1440, 360]) {
      await page.setViewportSize({ width, height: 800 });
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ rules: { "target-size": { enabled: true } } }).analyze();
      expect(violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}`)), `${width} wide`).toEqual([]);
      const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      expect(wide, `${width} wide`).toBeLessThanOrEqual(room);
    }
    await shot(page, `${locale}-${colorScheme}`);
  });
}
