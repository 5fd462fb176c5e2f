// Where the build and the browser are, and how the browser is started.
// `cargo xtask test` sets both variables; by hand the defaults do.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const dist = process.env.TABCHAIN_DIST ?? fileURLToPath(new URL("../../dist", import.meta.url));

const installed = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export const launchOptions = {
  executablePath: process.env.TABCHAIN_CHROMIUM ?? installed.find(existsSync),
  args: [
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};
