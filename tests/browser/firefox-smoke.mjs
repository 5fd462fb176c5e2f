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

// A tab whose page runs and does not complain.
async function open(browser) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  await page.goto(server.url);
  await page.waitForFunction(() => window.tabchainStarted, { timeout: 30_000 });
  await page.waitForSelector("h1", { timeout: 10_000 });
  if (await page.$("#boot-message")) complaints.push(await page.$eval("#boot-message", (box) => box.textContent));
  return page;
}

async function wait(what, holds) {
  for (let tries = 0; tries < 300; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`a minute was not enough: ${what}`);
}

const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
try {
  const page = await open(browser);
  await page.click("[data-testid=mine-button]");
  await wait("a first block", async () => (await status(page)).tip.height >= 1);
  await page.click("[data-testid=mine-button]");
  await wait("mining stops", async () => !(await status(page)).mining);
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
