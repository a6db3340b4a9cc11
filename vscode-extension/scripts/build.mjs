// Bundles the extension and the script of the preview; with `--tests` the unit tests, with `--watch` again and again.

import { readdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

process.chdir(path.join(path.dirname(fileURLToPath(import.meta.url)), ".."));
const watch = process.argv.includes("--watch");
const shared = {
  bundle: true,
  minify: !watch,
  sourcemap: watch ? "inline" : false,
  legalComments: "none",
  logLevel: "warning",
};

const extension = {
  ...shared,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
};
const preview = {
  ...shared,
  entryPoints: ["webview/preview.ts", "webview/preview.css"],
  outdir: "dist",
  platform: "browser",
  format: "iife",
  target: "es2022",
};
const tests = {
  ...shared,
  minify: false,
  sourcemap: "inline",
  entryPoints: readdirSync("test")
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `test/${name}`),
  outdir: "out/test",
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
};

const wanted = process.argv.includes("--tests") ? [tests] : [extension, preview];
if (watch) {
  for (const options of wanted) {
    await (await esbuild.context(options)).watch();
  }
} else {
  await Promise.all(wanted.map((options) => esbuild.build(options)));
}
