// Opens the build in Firefox through WebDriver BiDi, without any driver
// program: it starts, reports no policy violation, and says what it lacks not.
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
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  await page.goto(server.url);
  await page.waitForFunction(() => window.tabchainStarted, { timeout: 30_000 });
  await page.waitForSelector("h1", { timeout: 10_000 });
  if (await page.$("#boot-message")) complaints.push(await page.$eval("#boot-message", (box) => box.textContent));
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: `${shots}firefox-start.png` });
  console.log(`${await browser.version()} starts the page`);
} finally {
  await browser.close();
  await server.close();
}
if (complaints.length > 0) {
  console.error(complaints.join("\n"));
  process.exit(1);
}
