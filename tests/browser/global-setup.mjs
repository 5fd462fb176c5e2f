// Serves the build for all tests; TABCHAIN_URL tells them where.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { serve } from "./server.mjs";
import { dist } from "./chromium.mjs";

export default async function setup() {
  if (!existsSync(join(dist, "index.html"))) {
    throw new Error(`there is no build in ${dist}; run: cargo xtask build`);
  }
  const server = await serve(dist);
  process.env.TABCHAIN_URL = server.url;
  return server.close;
}
