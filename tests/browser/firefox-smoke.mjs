// Opens the build in Firefox through WebDriver BiDi, without any driver
// program: it starts without a policy violation, mines, and a second tab joins.
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { dist } from "./chromium.mjs";
import { serve } from "./server.mjs";

const installed = ["/usr/bin/firefox", "/usr/bin/firefox-esr", "/Applications/Firefox.app/Contents/MacOS/firefox"];
const executablePath = process.env.TABCHAIN_FIREFOX ?? installed.find(existsSync);
const shots = fileURLToPath(new URL("out/", import.meta.url));

const complaints = [];
const server = await serve(dist);
const status = (page) => page.evaluate(() => window.tabchain.status());
const text = (page, name) => page.evaluate((name) => document.querySelector(`[data-testid=${name}]`)?.textContent, name);

// Asks again until it holds. The asking is done from here: `waitForFunction` and locators make
// functions from strings in the page, which our policy refuses, in Firefox 140 also to tools.
async function wait(what, holds, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  let last; // what it said, for whoever reads the failure
  while (Date.now() < end) {
    last = await holds().catch((error) => error);
    if (last === true) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const seen = [last instanceof Error ? last.message : "it does not hold", ...complaints].join("\n  ");
  throw new Error(`${seconds} seconds were not enough: ${what}\n  ${seen}`);
}

// A tab whose page runs and does not complain.
async function open(browser) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  await page.goto(server.url);
  await wait("the page starts", () => page.evaluate(() => window.tabchainStarted === true && document.querySelector("h1") !== null), 30);
  const boot = await page.evaluate(() => document.querySelector("#boot-message")?.textContent);
  if (boot) complaints.push(boot);
  return page;
}

// Presses a button as a hand does, where it stands, and waits until it says what it does next.
async function press(page, name, next) {
  await page.bringToFront();
  const [x, y] = await page.evaluate((name) => {
    const button = document.querySelector(`[data-testid=${name}]`);
    button.scrollIntoView({ block: "center", behavior: "instant" });
    const { left, top, width, height } = button.getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  }, name);
  await page.mouse.click(x, y);
  await wait(`${name} says "${next}"`, async () => (await text(page, name)) === next, 10);
}

const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
try {
  const page = await open(browser);
  await press(page, "mine-button", "Stop mining");
  await wait("a first block", async () => (await status(page)).tip.height >= 1);
  await press(page, "mine-button", "Mine");
  await wait("mining stops", async () => !(await status(page)).mining);
  // What a person sees: the height, and the block itself.
  const { height, hash } = (await status(page)).tip;
  await wait("the height is shown", async () => (await text(page, "tip-height")) === String(height), 10);
  await wait("the block is shown", async () => (await text(page, `block-${hash}`)) !== undefined, 10);
  const second = await open(browser);
  await wait("both tabs on one tip", async () => (await status(page)).tip.hash === (await status(second)).tip.hash);
  mkdirSync(shots, { recursive: true });
  await second.screenshot({ path: `${shots}firefox-mined.png` });
  console.log(`${await browser.version()} mines, and a second tab joins`);
} finally {
  await browser.close();
  await server.close();
}
if (complaints.length > 0) {
  console.error(complaints.join("\n"));
  process.exit(1);
}
