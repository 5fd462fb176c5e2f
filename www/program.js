// Finds one program that draws in the page. `cargo xtask seal` fills in the
// program's name and the build, and writes the result over Trunk's own loader.
// What the page asked for in this file's address goes into all addresses, so
// that the files are of one version, and of a new try after one that failed.
const { search } = new URL(import.meta.url);

export const build = "BUILD";

let starting;

// The program's own functions, once it runs.
export function start() {
  starting ??= import(`./NAME.js${search}`).then(async (program) => {
    await program.default({ module_or_path: new URL(`./NAME_bg.wasm${search}`, import.meta.url) });
    return program;
  });
  return starting;
}
