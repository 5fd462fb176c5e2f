// A static host like any other: files, their types, nothing else. It serves
// the build from a sub-folder, because a page that only works at the root of a
// host is broken.
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
};

export const PREFIX = "/some/folder/";

// `types` overrides single types; `missing` names files that are not found;
// `patch` changes the text of single files. Returns { url, close }.
export async function serve(folder, { types = {}, missing = [], patch = {} } = {}) {
  const root = normalize(folder + sep);
  if (!existsSync(join(root, "index.html"))) {
    throw new Error(`there is no build in ${root}; run: cargo xtask build`);
  }
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://host").pathname);
    const name = path.startsWith(PREFIX) ? path.slice(PREFIX.length) || "index.html" : null;
    const file = name === null ? null : normalize(join(root, name));
    try {
      if (!file?.startsWith(root) || missing.some((part) => name.includes(part))) throw new Error("no such file");
      let bytes = await readFile(file);
      if (patch[name]) bytes = patch[name](bytes.toString());
      const type = { ...TYPES, ...types }[extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, "cache-control": "no-cache" }).end(bytes);
    } catch {
      response.writeHead(404, { "content-type": "text/plain" }).end("not found");
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}${PREFIX}`;
  return { url, close: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }) };
}
