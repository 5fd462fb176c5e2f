// Starts one worker program. `cargo xtask seal` fills in the program's name and
// the build, and writes the result over Trunk's own loader. The build in each
// address keeps a browser from mixing files of two versions: their names carry
// no hash.
import init from "./NAME.js?b=BUILD";

self.tabchainBuild = "BUILD";

// Messages that arrive before the program listens are kept, not lost.
const early = [];
const keep = (event) => early.push(event);
self.addEventListener("message", keep);
try {
  await init({ module_or_path: new URL("./NAME_bg.wasm?b=BUILD", import.meta.url) });
} catch (error) {
  // A rejection would stay in here; an error reaches whoever made this worker.
  setTimeout(() => { throw error; });
}
self.removeEventListener("message", keep);
for (const { data, ports } of early) {
  self.dispatchEvent(new MessageEvent("message", { data, ports: [...ports] }));
}
