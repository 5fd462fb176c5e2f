// A room in which slots are decided: tabs take its seats, elect a leader, and agree on what is asked.
import { AxeBuilder } from "@axe-core/playwright";
import { test, expect, call, ready } from "./lib/test.mjs";

const RULES = "protocol=raft&ledger=kv&seats=5&heartbeat=250&election=750&batch=64&resend=1000&snapshot=1000&piece=32768";
const PATIENCE = { timeout: 30_000 };

const leader = (page) => page.locator(".server[data-role=leader]");
const server = (page, seat) => page.getByTestId(`server-${seat}`);
const last = (page) => page.getByTestId("answers").locator("li").first();

// The seat of the one leader that a tab shows.
async function led(page) {
  await expect(leader(page)).toHaveCount(1, PATIENCE);
  return Number((await leader(page).getAttribute("data-testid")).replace("server-", ""));
}

// Fills in the form and waits for the answer.
async function ask(page, what, fields) {
  await page.getByTestId("ask-what").selectOption(what);
  for (const [name, value] of Object.entries(fields)) await page.getByTestId(`ask-${name}`).fill(value);
  await page.getByTestId("ask-send").click();
  await expect(last(page)).toHaveAttribute("data-state", "done", PATIENCE);
  return last(page);
}

// Tabs in a room of this test's own.
async function cluster(open, { name }, count) {
  const where = { hash: `#/live?room=${name}&${RULES}` };
  const pages = [];
  for (let tab = 0; tab < count; tab += 1) pages.push(await open(where));
  return { where, pages };
}

// The tab that runs the server of a seat.
async function tabOf(pages, seat) {
  for (const page of pages) {
    if (await page.locator(`.server.me[data-testid=server-${seat}]`).count()) return page;
  }
  throw new Error(`no tab has seat ${seat}`);
}

test("five tabs elect a leader, outlive it, and agree on what was put", async ({ open, rooms, shot }) => {
  test.setTimeout(180_000);
  const { where, pages } = await cluster(open, rooms(), 5);
  for (const page of pages) {
    await expect(page.getByTestId("seats-taken")).toHaveText("5 of 5 seats", PATIENCE);
    await led(page);
    await expect(page.getByTestId("mine-button")).toHaveCount(0);
    await expect(page.getByTestId("reset-button")).toHaveCount(0);
    await expect(page.locator(".filter")).toHaveText(["Tabs and nodes", "Trouble"]);
  }
  await ask(pages[0], "put", { key: "colour", value: "blue" });
  for (const page of pages) {
    await expect(page.getByTestId("decided-1")).toContainText("put colour blue", PATIENCE);
  }
  await expect(await ask(pages[3], "get", { key: "colour" })).toContainText("blue");

  const before = await led(pages[0]);
  const gone = await tabOf(pages, before);
  await gone.close();
  const rest = pages.filter((page) => page !== gone);
  for (const page of rest) {
    await expect(server(page, before)).toContainText("nobody", PATIENCE);
    await expect.poll(() => led(page), PATIENCE).not.toBe(before);
  }
  await shot(rest[0], "another-leads");
  await ask(rest[0], "put", { key: "colour", value: "green" });
  await expect(await ask(rest[1], "get", { key: "colour" })).toContainText("green");

  // Whoever comes takes the free seat and catches up.
  const late = await open(where);
  await expect(server(late, before)).toContainText("this tab", PATIENCE);
  await expect(late.getByTestId("tip-height")).toHaveText("4", PATIENCE);
  await expect(late.getByTestId("decided-3")).toContainText("put colour green");

  // Scripts can do the same.
  await late.evaluate(async () => {
    window.decided = [];
    await window.tabchain.on("decided", (block) => window.decided.push(block));
  });
  await call(rest[0], "submit", "put", ["colour", "red"]);
  await expect.poll(() => late.evaluate(() => window.decided), PATIENCE).toMatchObject([
    { height: 5, requests: [{ what: "put", values: ["colour", "red"] }], more: 0 },
  ]);
  const got = await call(late, "submit", "get", ["colour"]);
  expect(got.values).toEqual(["red"]);
  for (const [wrong, code] of [[["put"], "bad-argument"], [["put", ["colour"]], "bad-argument"], [["pay", []], "wrong-room"], [["put", ["a", 1]], "bad-argument"]]) {
    const ended = await late.evaluate((args) => window.tabchain.submit(...args).then(() => "done", (error) => error.code), wrong);
    expect(ended, JSON.stringify(wrong)).toBe(code);
  }
});

test("a reloaded tab has its seat and its blocks back; a sixth one is a client", async ({ open, rooms }) => {
  test.setTimeout(180_000);
  const { where, pages } = await cluster(open, rooms(), 5);
  await led(pages[0]);
  await ask(pages[0], "put", { key: "a", value: "1" });
  const sixth = await open(where);
  await expect(sixth.getByTestId("banner-seat")).toBeVisible();
  await expect(leader(sixth)).toHaveCount(1, PATIENCE);
  await expect(await ask(sixth, "get", { key: "a" })).toContainText("1");
  const mine = pages[1].locator(".server.me");
  const seat = await mine.getAttribute("data-testid");
  await pages[1].reload();
  await ready(pages[1]);
  await expect(mine).toHaveAttribute("data-testid", seat);
  await expect(pages[1].getByTestId("decided-1")).toContainText("put a 1", PATIENCE);
  await expect(call(sixth, "startMining")).rejects.toThrow("wrong-room");
});

test("the room dialog offers every protocol with its own fields", async ({ open, rooms }) => {
  const page = await open(rooms());
  await page.getByTestId("room-button").click();
  await page.locator("details.own summary").click();
  await expect(page.getByTestId("room-spacing")).toHaveValue("10");
  await page.getByTestId("room-protocol").selectOption("raft");
  await expect(page.getByTestId("room-spacing")).toHaveCount(0);
  await expect(page.getByTestId("room-seats")).toHaveValue("5");
  await page.getByTestId("room-name").fill("mine");
  await page.getByTestId("room-seats").fill("10");
  await page.getByTestId("room-open").click();
  await expect(page.getByRole("alert")).toContainText("10");
  await page.getByTestId("room-seats").fill("3");
  await page.getByTestId("room-open").click();
  await expect(page.getByTestId("seats-taken")).toHaveText("1 of 3 seats", PATIENCE);
  expect(page.url()).toContain("protocol=raft&ledger=kv&seats=3");
  await page.getByTestId("add-node").click(); // two of three are a majority
  await led(page);
  await page.getByTestId("add-node").click();
  await expect(page.getByTestId("seats-taken")).toHaveText("3 of 3 seats", PATIENCE);
  await expect(page.getByTestId("add-node")).toBeDisabled();
  await page.getByTestId("ask-what").selectOption("put");
  await page.getByTestId("ask-key").fill("k");
  await page.getByTestId("ask-value").fill("<img src=x>");
  await page.keyboard.press("Enter");
  await expect(last(page)).toHaveAttribute("data-state", "done", PATIENCE);
  await expect(page.getByTestId("decided-1")).toContainText("<img src=x>");
});

for (const colorScheme of ["light", "dark"]) {
  for (const locale of ["en-GB", "zh-CN"]) {
    test(`a room with seats is fit for everybody, ${colorScheme}, ${locale}`, async ({ contextOf, baseURL, rooms, shot }) => {
      const context = await contextOf({ colorScheme, locale, viewport: { width: 1440, height: 900 } });
      const { name } = rooms();
      const page = await context.newPage();
      await page.goto(`${baseURL}#/live?room=${name}&${RULES.replace("seats=5", "seats=3")}`);
      await ready(page);
      await page.getByTestId("add-node").click();
      await led(page);
      await ask(page, "put", { key: "colour", value: "blue" });
      if (locale === "zh-CN") {
        for (const label of await page.locator(".server dt").allInnerTexts()) expect(label).not.toMatch(/[a-z]/i);
      }
      for (const width of [1440, 360]) {
        await page.setViewportSize({ width, height: 740 });
        for (let panel = 0; panel < (width < 700 ? 4 : 1); panel += 1) {
          if (width < 700) await page.locator("nav.bottom button").nth(panel).click();
          const heading = width < 700 ? [".panel-ask", ".panel-chain", ".panel-peers", ".panel-log"][panel] : ".panel-chain";
          expect((await page.locator(`${heading} h2`).first().boundingBox()).width).toBeGreaterThan(20);
          const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ rules: { "target-size": { enabled: true } } }).analyze();
          expect.soft(violations.map(({ id, nodes }) => `${id}: ${nodes[0].target}`), `${width}, ${panel}`).toEqual([]);
          const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
          expect.soft(wide, `width ${width}, ${panel}`).toBeLessThanOrEqual(room);
          await shot(page, `seats-${colorScheme}-${locale}-${width}-${panel}`);
        }
      }
    });
  }
}
