// Packs the extension as `ordain.vsix`. With a binary in `server/`, packs it for one platform: `--target linux-x64`.

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

process.chdir(path.join(path.dirname(fileURLToPath(import.meta.url)), ".."));
const { values } = parseArgs({
  options: { target: { type: "string" }, out: { type: "string", default: "ordain.vsix" } },
});
const bundled = existsSync("server/ordain") || existsSync("server/ordain.exe");
if (bundled !== (values.target !== undefined)) {
  const complaint = bundled
    ? "there is a binary in server/: say for which platform with --target"
    : "--target needs the platform's binary in server/";
  process.stderr.write(`${complaint}\n`);
  process.exit(2);
}

run("node", ["scripts/build.mjs"]);
cpSync("../LICENSE", "LICENSE");
// The page of the extension shows the same picture as the documentation, which packages hold elsewhere.
mkdirSync("out", { recursive: true });
mkdirSync("dist/images", { recursive: true });
cpSync("../docs/images/vscode.png", "dist/images/vscode.png");
writeFileSync("out/README.md", readFileSync("README.md", "utf8").replaceAll("../docs/images/", "dist/images/"));
const target = values.target === undefined ? ["--allow-unused-files-pattern"] : ["--target", values.target];
run("node_modules/.bin/vsce", [
  "package",
  "--no-dependencies",
  "--allow-missing-repository",
  "--no-rewrite-relative-links",
  "--readme-path",
  "out/README.md",
  "--out",
  values.out,
  ...target,
]);

function run(program, args) {
  const { status, error } = spawnSync(program, args, { stdio: "inherit" });
  if (status !== 0) {
    process.stderr.write(error === undefined ? "" : `${error.message}\n`);
    process.exit(1);
  }
}
