// What a person does with the page beyond mining.
import { AxeBuilder } from "@axe-core/playwright";
import { test, expect, agree, block, call, header, height, logged, mine, mineTo, own, reaches, ready, settle, status, stop, tip, BITS } from "./lib/test.mjs";

test("power: the presets act at once, are shared by all tabs and remembered", async ({ open, rooms, shot }) => {
  const room = rooms({ bits: BITS.steady });
  const [one, two] = [await open(room), await open(room)];
  await expect(one.getByTestId("power-gentle")).toBeChecked();
  await one.getByTestId("power-full").check({ force: true });
  await expect(two.getByTestId("power-full")).toBeChecked();
  await call(one, "startMining");
  await call(two, "startMining");
  // Two tabs mine: each says that the power is shared.
  for (const page of [one, two]) await expect(page.locator(".panel-mine")).toContainText(/2 tabs mine and share this power/);
  await shot(one, "shared-power");
  await two.getByTestId("power-gentle").check({ force: true });
  await expect(one.getByTestId("power-gentle")).toBeChecked();
  await expect(one.locator(".panel-mine")).toContainText(/share this power: \d+ workers? at 25% here/);
  await stop(two);
  await expect(one.locator(".panel-mine")).not.toContainText(/share this power/);
  await stop(one);
  await two.getByTestId("power-full").check({ force: true });
  await two.close();
  await one.reload();
  await ready(one);
  await expect(one.getByTestId("power-full")).toBeChecked();
});

test("nodes are added up to 16 and removed down to one, each with its own name", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  const add = page.getByTestId("add-node");
  await expect(page.getByRole("button", { name: /^Remove / })).toHaveCount(0);
  for (let count = 2; count <= 16; count++) {
    await add.click();
    await expect.poll(async () => (await own(page)).length).toBe(count);
  }
  await expect(add).toBeDisabled();
  const error = await call(page, "addNode").catch((error) => error.message);
  expect(error).toContain("too-many-nodes");
  const nodes = await own(page);
  expect(nodes).toHaveLength(16);
  expect(new Set(nodes.map(({ id }) => id)).size).toBe(16);
  expect(new Set(nodes.map(({ name }) => name)).size).toBe(16);
  await mineTo(page, 3);
  await settle(page);
  await logged(page, /and \d+ more accepted Block/); // one line, not fifteen
  await shot(page, "sixteen-nodes");
  await expect.poll(async () => {
    const remove = page.getByRole("button", { name: /^Remove / });
    if (await remove.count()) await remove.last().click();
    return (await own(page)).length;
  }, { timeout: 20_000 }).toBe(1);
  await expect(page.getByRole("button", { name: /^Remove / })).toHaveCount(0);
  expect(await height(page)).toBeGreaterThanOrEqual(3);
});

test("nodes asked for all at once are no more than 16, and other tabs still hear this one", async ({ open, rooms }) => {
  const room = rooms({ bits: BITS.quick });
  const [page, other] = [await open(room), await open(room)];
  const answers = await page.evaluate(async () => {
    const asked = Array.from({ length: 20 }, () => window.tabchain.addNode().then(() => "added", (error) => error.code));
    return Promise.all(asked);
  });
  expect(answers.filter((answer) => answer === "added")).toHaveLength(15);
  expect(new Set(answers)).toEqual(new Set(["added", "too-many-nodes"]));
  expect(await own(page)).toHaveLength(16);
  await expect.poll(async () => (await status(other)).peers).toBe(16);
});

test("the focus is not lost: after a dialog, a removed node, the last step", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.brisk }));
  const focused = (id) => expect.poll(() => page.evaluate(() => document.activeElement?.id || document.activeElement?.dataset.testid)).toBe(id);
  await page.getByTestId("share-button").click();
  await page.getByTestId("share-dialog").getByRole("button", { name: "Close" }).click();
  await focused("share-button");
  await page.getByTestId("reset-button").click();
  await page.keyboard.press("Escape");
  await focused("reset-button");
  await page.getByTestId("add-node").click();
  await page.getByRole("button", { name: /^Remove / }).last().click();
  await focused("peers-title");
  await mineTo(page, 2);
  const next = page.getByTestId("block-detail").getByRole("button", { name: "Next block" });
  const { hash: genesis } = await call(page, "block", 0);
  await block(page, genesis).click();
  await expect(page.getByTestId("block-detail")).toHaveAttribute("data-hash", genesis);
  while (!await next.getAttribute("aria-disabled")) await next.click();
  await expect(next).toBeFocused();
  await shot(page, "focus");
});

test("a block's details: the 80 bytes shown hash to its id and every field says what they say", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  await mineTo(page, 4);
  const chain = await call(page, "blocks", 0, 4);
  await block(page, chain[3].hash).click();
  const detail = page.getByTestId("block-detail");
  await expect(detail).toHaveAttribute("data-hash", chain[3].hash);
  await expect(detail).not.toHaveAttribute("aria-busy");
  await expect(detail.locator(".segment code")).toHaveCount(6);
  const bytes = (await detail.locator(".segment code").allTextContents()).join("");
  const read = header(bytes);
  expect(read.length).toBe(80);
  expect(read.hash, "double SHA-256 of the 80 bytes").toBe(chain[3].hash);
  expect(read.parent).toBe(chain[2].hash);
  const values = (await detail.locator(".fields .value").allTextContents()).map((text) => text.trim());
  expect(values[0]).toBe(`0x${(read.version >>> 0).toString(16).padStart(8, "0")}`);
  expect(values[1]).toContain(read.parent.slice(-6));
  expect(values[2]).toContain(read.merkleRoot.slice(-6));
  expect(values[3]).toMatch(/\d/);
  expect(values[4]).toBe(read.bits.toString(16));
  expect(values[5].replaceAll(/\D/g, "")).toBe(String(read.nonce));
  await expect(detail.locator(".fields .meaning")).toHaveCount(6);
  // The hash below the target, digit under digit.
  const [hash, target] = await detail.locator(".compare code").allTextContents();
  expect(hash).toBe(chain[3].hash);
  expect(BigInt(`0x${hash}`)).toBeLessThanOrEqual(BigInt(`0x${target}`));
  await expect(detail.locator(".transactions li")).toHaveCount(1);
  await expect(detail.locator(".transactions")).toContainText("50");
  await shot(page, "details");

  // Genesis has details, too, and steps lead from block to block.
  await block(page, chain[0].hash).click();
  await expect(detail).toHaveAttribute("data-hash", chain[0].hash);
  await expect(detail).not.toHaveAttribute("aria-busy");
  const first = header((await detail.locator(".segment code").allTextContents()).join(""));
  expect(first.hash).toBe(chain[0].hash);
  await detail.getByRole("button", { name: "Next block" }).click();
  await expect(detail).toHaveAttribute("data-hash", chain[1].hash);
  await detail.getByRole("button", { name: "Previous block" }).click();
  await expect(detail).toHaveAttribute("data-hash", chain[0].hash);
});

test("the tree is walked with the keyboard", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  await mineTo(page, 4);
  const tipNow = await tip(page);
  const chain = await call(page, "blocks", 0, tipNow.height);
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("data-hash"));
  await block(page, tipNow.hash).focus();
  expect(await focused()).toBe(tipNow.hash);
  await page.keyboard.press("ArrowLeft");
  expect(await focused()).toBe(chain.at(-2).hash);
  await page.keyboard.press("ArrowRight");
  expect(await focused()).toBe(tipNow.hash);
  await page.keyboard.press("Home");
  expect(await focused()).toBe(chain[0].hash);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("block-detail")).toHaveAttribute("data-hash", chain[1].hash);
  await page.keyboard.press("End");
  expect(await focused()).toBe(tipNow.hash);
  await page.keyboard.press(" ");
  await expect(page.getByTestId("block-detail")).toHaveAttribute("data-hash", tipNow.hash);
  // Exactly one block is in the tab order.
  expect(await page.locator("svg [data-hash][tabindex='0']").count()).toBe(1);
  await shot(page, "keyboard");
});

test("everything on the page is reached with the tab key", async ({ open, rooms }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  await mineTo(page, 2);
  await page.getByTestId("power-half").check({ force: true }); // of a group of choices, the chosen one
  const wanted = ["mine-button", "power-half", "view-toggle", "reset-button", "share-button", "room-button", "lang-toggle", "theme-toggle", "add-node"];
  const seen = new Set();
  await page.locator("body").press("Tab");
  await expect(page.locator(".skip")).toBeFocused();
  for (let count = 0; count < 120; count++) {
    seen.add(await page.evaluate(() => document.activeElement?.dataset.testid ?? ""));
    await page.keyboard.press("Tab");
  }
  for (const name of wanted) expect([...seen]).toContain(name);
});

test("the newest block is in view when a small screen opens the chain, and when a window gets small", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  const newest = async () => block(page, (await tip(page)).hash);
  await mineTo(page, 9);
  await expect(await newest()).toBeInViewport({ ratio: 1 });
  await page.setViewportSize({ width: 360, height: 740 });
  const panel = (index) => page.locator("nav.bottom button").nth(index).click();
  await panel(1);
  await expect(await newest()).toBeInViewport({ ratio: 1 });
  await panel(3);
  await mineTo(page, (await height(page)) + 5); // while the chain is hidden
  await expect(await newest()).toBeHidden();
  await panel(1);
  await expect(await newest()).toBeInViewport({ ratio: 1 });
  await shot(page, "small-chain");
});

test("the table shows the same blocks as the picture", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  await mineTo(page, 3);
  const chain = await call(page, "blocks", 0, await height(page));
  await page.getByTestId("view-toggle").click();
  const rows = page.locator(".table-box tbody tr");
  await expect(rows).toHaveCount(chain.length);
  for (const { hash } of chain) await expect(block(page, hash)).toBeVisible();
  await expect(rows.first()).toContainText(String(chain.at(-1).height));
  await block(page, chain[1].hash).click();
  await expect(page.getByTestId("block-detail")).toHaveAttribute("data-hash", chain[1].hash);
  await shot(page, "table");
  await page.getByTestId("view-toggle").click();
  await expect(page.locator(".table-box")).toHaveCount(0);
});

test("language and theme are remembered, and follow the browser until they are chosen", async ({ open, rooms, contextOf, baseURL, shot }) => {
  const page = await open(rooms());
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.getByTestId("lang-toggle").click();
  await page.getByTestId("theme-toggle").click();
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await expect(page.getByTestId("mine-button")).toContainText("挖");
  await expect.poll(background).not.toBe(light);
  const dark = await background();
  await page.reload();
  await ready(page);
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  expect(await background()).toBe(dark);
  await shot(page, "chinese-dark");
  // No English is left but names.
  const words = await page.locator("main").innerText();
  expect(words).not.toMatch(/\b(the|block|node|mining|power|target)\b/i);
  await page.getByTestId("lang-toggle").click();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");

  const chinese = await (await contextOf({ locale: "zh-CN", colorScheme: "dark" })).newPage();
  await open(rooms(), { page: chinese, url: baseURL });
  await expect(chinese.locator("html")).toHaveAttribute("lang", "zh-CN");
  expect(await chinese.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe(dark);
});

test("the share dialog's link opens the same room in another tab; it can be copied", async ({ context, open, rooms, shot }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await open(rooms({ bits: BITS.quick }));
  await mineTo(page, 2);
  await page.getByTestId("share-button").click();
  const dialog = page.getByTestId("share-dialog");
  const link = await page.getByTestId("share-link").inputValue();
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/some\/folder\/.*#\/live\?room=/);
  await expect(dialog.getByRole("img", { name: /QR/ })).toBeVisible();
  await expect(dialog).toContainText("In another browser or on another device");
  await dialog.getByRole("button", { name: /Copy/ }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  await shot(page, "share");
  const other = await context.newPage();
  await other.goto(link);
  await ready(other);
  await agree([page, other]);
  expect(await status(other)).toMatchObject({ mining: false, room: (await status(page)).room });
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(page.getByTestId("share-button")).toBeFocused();
});

test("reset asks first, acts in all tabs, and can be undone", async ({ open, rooms, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const [one, two] = [await open(room), await open(room)];
  await mineTo(one, 5);
  const before = await agree([one, two]);
  await one.bringToFront(); // what lies behind is drawn, and clicked, once a second
  await one.getByTestId("reset-button").click();
  await expect(one.getByTestId("reset-dialog")).toBeVisible();
  await shot(one, "reset-asks");
  await one.getByTestId("reset-dialog").getByRole("button", { name: "Cancel" }).click();
  expect(await height(one)).toBe(before.height);
  await one.getByTestId("reset-button").click();
  await one.getByTestId("reset-confirm").click();
  for (const page of [one, two]) await expect.poll(() => height(page)).toBe(0);
  await expect(one.getByTestId("undo-reset")).toBeVisible();
  await shot(one, "reset-done");
  await one.getByTestId("undo-reset").click();
  for (const page of [one, two]) await expect.poll(async () => (await tip(page)).hash).toBe(before.hash);
  await expect(one.getByTestId("undo-reset")).toHaveCount(0);
  await mineTo(one, before.height + 2);
  await agree([one, two]);
  // After a reload, too, the chain that was brought back is the chain.
  await two.reload();
  await ready(two);
  await agree([one, two]);
});

test("what spoke of a chain or a room goes with it: a chosen block, a question", async ({ open, rooms }) => {
  const [room, other] = [rooms({ bits: BITS.brisk }), rooms({}, "-other")];
  const page = await open(room);
  await mineTo(page, 3);
  await call(page, "reset");
  await mineTo(page, 2);
  const { hash } = await call(page, "block", 1);
  await block(page, hash).click();
  await expect(page.getByTestId("block-detail")).toHaveAttribute("data-hash", hash);
  await call(page, "undoReset");
  await expect(page.getByTestId("block-detail")).toHaveAttribute("data-hash", (await tip(page)).hash);
  await page.getByTestId("reset-button").click();
  await expect(page.getByTestId("reset-dialog")).toBeVisible();
  await page.evaluate((hash) => { location.hash = hash; }, other.hash);
  await expect.poll(async () => (await status(page).catch(() => null))?.room.name).toBe(other.name);
  await expect(page.getByTestId("reset-dialog")).toHaveCount(0);
});

test("each reset offers to be undone, though the offer before was closed", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  const undo = page.getByTestId("undo-reset");
  for (let round = 0; round < 2; round++) {
    await mineTo(page, 2);
    await page.getByTestId("reset-button").click();
    await page.getByTestId("reset-confirm").click();
    await expect.poll(() => height(page)).toBe(0);
    await expect(undo).toBeVisible();
    if (round === 0) {
      await page.locator(".toast", { has: undo }).getByRole("button", { name: "Dismiss" }).click();
      await expect(undo).toHaveCount(0);
    }
  }
  await undo.click();
  await reaches(page, 2);
  await shot(page, "offered-again");
});

test("a reset holds for tabs that open later, and one's own undo survives a reload", async ({ open, rooms }) => {
  const room = rooms({ bits: BITS.quick });
  const page = await open(room);
  await mineTo(page, 3);
  const before = await tip(page);
  await call(page, "reset");
  await expect.poll(() => height(page)).toBe(0);
  const late = await open(room);
  expect(await height(late)).toBe(0);
  await page.reload();
  await ready(page);
  expect(await height(page)).toBe(0);
  await call(page, "undoReset");
  for (const each of [page, late]) await expect.poll(async () => (await tip(each)).hash).toBe(before.hash);
});

test("the log tells what happens and can be filtered by kind and by node", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  await call(page, "addNode");
  await mineTo(page, 3);
  const log = page.getByTestId("log");
  await logged(page, "Mining started");
  await logged(page, /found Block [123]/);
  await expect(log.locator("li.blocks").first()).toBeAttached();
  const filter = log.getByRole("button", { name: "Blocks", exact: true });
  await filter.click();
  await expect(filter).toHaveAttribute("aria-pressed", "false");
  await expect(log.locator("li.blocks")).toHaveCount(0);
  await logged(page, "Mining started");
  await filter.click();
  await expect(log.locator("li.blocks").first()).toBeAttached();
  const [, second] = await own(page);
  await log.getByRole("combobox").selectOption({ label: second.name });
  await expect(log.locator("li", { hasText: "Mining started" })).toHaveCount(0);
  const lines = await log.locator("li").allTextContents();
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(line).toContain(second.name);
  await log.getByRole("combobox").selectOption("");
  await log.locator("li button.reference").first().click();
  await expect(page.getByTestId("block-detail")).toBeVisible();
  await shot(page, "log");
});

// The colours that a person has forced take the page's place; what a switch says must be left.
for (const scheme of ["light", "dark"]) {
  test(`in forced colours switches still show their state, and axe finds nothing (${scheme})`, async ({ open, rooms, shot }) => {
    const page = await open(rooms({ bits: BITS.quick }));
    await page.emulateMedia({ forcedColors: "active", colorScheme: scheme });
    await call(page, "addNode");
    await mineTo(page, 4);
    const switches = page.locator(".switch");
    expect(await switches.count()).toBeGreaterThan(1);
    await switches.last().click();
    await expect(switches.last()).toHaveAttribute("aria-checked", "false");
    const looks = (which) => which.evaluate((it) => {
      const knob = getComputedStyle(it.querySelector("span"));
      const track = getComputedStyle(it);
      return { checked: it.ariaChecked, knob: knob.backgroundColor, track: track.backgroundColor, border: track.borderTopColor };
    });
    const [on, off] = [await looks(switches.first()), await looks(switches.last())];
    expect([on.checked, off.checked]).toEqual(["true", "false"]);
    for (const { knob, track } of [on, off]) expect(knob, "a knob is seen on its track").not.toBe(track);
    expect(on.track, "on and off differ").not.toBe(off.track);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`))).toEqual([]);
    await shot(page, scheme);
  });
}

test("on paper there is the chain, and nothing to press", async ({ open, rooms, shot }) => {
  const room = rooms({ bits: BITS.quick });
  const page = await open(room);
  await mineTo(page, 12);
  const name = page.locator("header .on-paper");
  await expect(name).toBeHidden();
  await page.emulateMedia({ media: "print" });
  await expect(name, "whose chain it is").toBeVisible();
  await expect(name).toContainText(room.name);
  await expect(page.getByTestId("mine-button")).toBeHidden();
  await expect(block(page, (await tip(page)).hash), "the newest is on the paper").toBeInViewport({ ratio: 1 });
  await expect(page.getByTestId("log")).toBeVisible();
  // Blocks that are named in a line can be pressed on a screen; their names are text here.
  const pressable = page.locator("button:not(.reference, .tip), select, input").filter({ visible: true });
  expect(await pressable.evaluateAll((all) => all.map((one) => one.outerHTML.slice(0, 120)))).toEqual([]);
  await shot(page, "paper");
});

test("who wants no motion gets none", async ({ contextOf, baseURL, open, rooms, shot }) => {
  const page = await (await contextOf({ reducedMotion: "reduce" })).newPage();
  await open(rooms({ bits: BITS.steady }), { page, url: baseURL });
  await mine(page);
  await page.waitForTimeout(1_000);
  const moving = await page.evaluate(() => document.getAnimations()
    .filter((animation) => animation.playState === "running" && animation.effect.getComputedTiming().duration > 10)
    .map((animation) => animation.animationName ?? animation.transitionProperty));
  expect(moving).toEqual([]);
  await shot(page, "no-motion");
  await stop(page);
});

test("what is typed or dragged stays while pictures come", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.steady }));
  await mine(page);
  // The exact power: the thumb is held while the engine sends pictures.
  await page.locator("details.exact summary").click();
  const duty = page.getByTestId("power-duty");
  const box = await duty.boundingBox();
  const at = (share) => [box.x + box.width * share, box.y + box.height / 2];
  await page.mouse.move(...at(0.9));
  await page.mouse.down();
  await page.mouse.move(...at(0.25), { steps: 5 });
  const held = await duty.inputValue();
  expect(Number(held)).toBeLessThan(40);
  await page.waitForTimeout(2_500);
  await expect(duty).toHaveValue(held);
  await expect(page.locator(".slider", { has: duty }).locator("output")).toHaveText(held);
  await page.mouse.up();
  await expect(page.locator("details.exact .load")).toContainText(`${held}%`);
  await expect(duty).toHaveValue(held);
  await stop(page);

  await page.getByTestId("room-button").click();
  const dialog = page.getByTestId("room-dialog");
  await dialog.locator("summary").click();
  const typed = { name: "kept-as-typed", spacing: "33", window: "12", halving: "77" };
  for (const [field, value] of Object.entries(typed)) await dialog.getByTestId(`room-${field}`).fill(value);
  await page.waitForTimeout(2_500);
  for (const [field, value] of Object.entries(typed)) await expect(dialog.getByTestId(`room-${field}`)).toHaveValue(value);
  // Letting go of a selection beside the dialog is no wish to close it.
  const name = await dialog.getByTestId("room-name").boundingBox();
  await page.mouse.move(name.x + 20, name.y + name.height / 2);
  await page.mouse.down();
  await page.mouse.move(3, 3, { steps: 3 });
  await page.mouse.up();
  await expect(dialog).toBeVisible();
  await shot(page, "typed");
  await dialog.getByTestId("room-open").click();
  await expect.poll(async () => (await status(page).catch(() => null))?.room).toMatchObject({ name: typed.name, spacing: 33, window: 12, halving: 77 });
  // Beside it, a press and its release are.
  await page.getByTestId("room-button").click();
  await expect(dialog).toBeVisible();
  await page.mouse.click(3, 3);
  await expect(dialog).toHaveCount(0);
});

test("colours can be switched back at once, and follow the system until they are chosen", async ({ contextOf, baseURL, open, rooms, shot }) => {
  const page = await (await contextOf({ colorScheme: "light" })).newPage();
  await open(rooms(), { page, url: baseURL });
  const isDark = () => page.evaluate(() => Number(getComputedStyle(document.body).color.match(/[0-9]+/)[0]) > 127); // light text
  const toggle = page.getByTestId("theme-toggle");
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(isDark).toBe(true);
  await expect(toggle).toHaveAccessibleName(/light/i);
  await page.emulateMedia({ colorScheme: "light" });
  await expect(toggle).toHaveAccessibleName(/dark/i);
  for (const [name, dark] of [["dark", true], ["light", false], ["dark-again", true]]) {
    await toggle.click();
    await expect.poll(isDark, name).toBe(dark);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.waitForTimeout(300);
  expect(await isDark(), "chosen is chosen").toBe(true);
  await shot(page, "chosen");
});

test("a block older than the picture has its heading, state and neighbours", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  await mineTo(page, 70);
  const { hash } = await call(page, "block", 3);
  await page.getByTestId("log").getByRole("button", { name: /^Block 3 / }).first().click();
  const detail = page.getByTestId("block-detail");
  await expect(detail).toHaveAttribute("data-hash", hash);
  await expect(detail.getByRole("heading", { name: "Block 3", exact: true })).toBeVisible();
  await expect(detail.getByTestId("block-state")).toBeVisible();
  await shot(page, "old-block");
  await detail.getByRole("button", { name: "Next block" }).click();
  await expect(detail.getByRole("heading", { name: "Block 4", exact: true })).toBeVisible();
  await detail.getByRole("button", { name: "Previous block" }).click();
  await expect(detail.getByRole("heading", { name: "Block 3", exact: true })).toBeVisible();
});

test("blocks of an identity count as found here as soon as it lives here again", async ({ open, rooms }) => {
  const room = rooms({ bits: BITS.quick });
  const [page, other] = [await open(room), await open(room)];
  await mineTo(other, 4);
  const { height } = await agree([page, other]);
  await expect(page.getByTestId("found")).toContainText(/^0 /);
  await other.close();
  await expect.poll(async () => (await status(page)).peers).toBe(0);
  await call(page, "addNode");
  await expect(page.getByTestId("found")).toContainText(new RegExp(`^${height} `));
});

test("About is reached on a phone, too", async ({ open, rooms }) => {
  const page = await open(rooms());
  await page.setViewportSize({ width: 360, height: 740 });
  await page.getByRole("link", { name: "About", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(await page.evaluate(() => location.hash)).toBe("#/about");
});

test("a room of one's own is opened from the room dialog", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  await mineTo(page, 1);
  await page.getByTestId("room-button").click();
  const dialog = page.getByTestId("room-dialog");
  await expect(dialog).toContainText("Ready-made rules");
  await shot(page, "rooms");
  await dialog.getByText("Your own rules").click();
  await dialog.getByTestId("room-name").fill("No Such Name");
  await dialog.getByTestId("room-open").click();
  await expect(dialog.getByRole("alert")).toContainText("No Such Name");
  await dialog.getByTestId("room-name").fill("my-own-room");
  await dialog.getByTestId("room-open").click();
  await expect.poll(async () => (await status(page).catch(() => null))?.room.name).toBe("my-own-room");
  await expect(page).toHaveURL(/room=my-own-room/);
  expect(await status(page)).toMatchObject({ mining: false, tip: { height: 0 } });
});

test("a room link that is followed from another page opens its room", async ({ open, rooms }) => {
  const [first, second] = [rooms({}, "-a"), rooms({}, "-b")];
  const page = await open(first);
  for (const elsewhere of ["#/about", "#/nowhere"]) {
    for (const { hash, name } of [second, first]) {
      await page.evaluate((hash) => { location.hash = hash; }, elsewhere);
      await expect(page.getByTestId("mine-button")).toHaveCount(0);
      await page.evaluate((hash) => { location.hash = hash; }, hash);
      await expect.poll(async () => (await status(page).catch(() => null))?.room.name).toBe(name);
      await expect(page.getByTestId("mine-button")).toBeVisible();
    }
  }
});
