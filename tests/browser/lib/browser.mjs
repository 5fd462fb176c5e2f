// A separate browser: a test can kill it as a crash or a power cut would, and
// unlike the shared one it treats tabs in the background as hidden.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, launchOptions } from "../fixtures.mjs";

const FLAGS = ["--headless=new", "--remote-debugging-port=0", "--no-first-run", "about:blank"];

// A new profile folder with these settings, and a function that removes it.
export function newProfile(settings = {}) {
  const folder = mkdtempSync(join(tmpdir(), "tabchain-profile-"));
  mkdirSync(join(folder, "Default"));
  writeFileSync(join(folder, "Default", "Preferences"), JSON.stringify(settings));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }) };
}

// Starts Chromium in a profile. Returns { context, kill }.
export async function startBrowser(profile) {
  const child = spawn(launchOptions.executablePath, [...launchOptions.args, `--user-data-dir=${profile.folder}`, ...FLAGS], {
    detached: true, // a process group, so that all its processes die together
    stdio: ["ignore", "ignore", "pipe"],
  });
  const gone = new Promise((resolve) => child.on("exit", resolve));
  const address = await new Promise((resolve, reject) => {
    let said = "";
    child.stderr.on("data", (text) => {
      said += text;
      const found = said.match(/DevTools listening on (ws:\S+)/);
      if (found) resolve(found[1]);
    });
    gone.then(() => reject(new Error(`Chromium ended: ${said.slice(-500)}`)));
  });
  const browser = await chromium.connectOverCDP(address, { noDefaults: true });
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
    await gone;
  };
  return { context: browser.contexts()[0], kill };
}
