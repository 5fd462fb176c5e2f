// Serves the build for all tests; TABCHAIN_URL tells them where.
import { serve } from "./server.mjs";
import { dist } from "./chromium.mjs";

export default async function setup() {
  const server = await serve(dist);
  process.env.TABCHAIN_URL = server.url;
  return server.close;
}
