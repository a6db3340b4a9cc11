// Tests of the grammar: assertions, snapshots of examples, and that no source of this repository has an illegal token.
// With `--update` the snapshots are written anew; read the difference.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const grammar = "syntaxes/ordain.tmLanguage.json";
const bin = path.join(root, "node_modules/.bin");

function run(program, args, options = {}) {
  const ended = spawnSync(path.join(bin, program), args, { cwd: root, stdio: "inherit", ...options });
  if (ended.status !== 0 && !options.quiet) {
    process.exit(1);
  }
}

run("vscode-tmgrammar-test", ["-g", grammar, "test/grammar/*.ord"]);
const update = process.argv.includes("--update") ? ["--updateSnapshot"] : [];
run("vscode-tmgrammar-snap", ["-g", grammar, "-s", "source.ordain", ...update, "test/grammar/examples/*.ord"]);

const scratch = path.join(root, "out/grammar");
rmSync(scratch, { recursive: true, force: true });
mkdirSync(scratch, { recursive: true });
const sources = ["examples", "stdlib/std", "stdlib/tests"]
  .flatMap((folder) => listed(path.join(root, "..", folder)))
  .map((file, at) => {
    const copy = path.join(scratch, `${at}-${path.basename(file)}`);
    cpSync(file, copy);
    return { file, copy };
  });
run("vscode-tmgrammar-snap", ["-g", grammar, "-s", "source.ordain", "out/grammar/*.ord"], { stdio: "ignore" });
const bad = sources.filter(({ copy }) => readFileSync(`${copy}.snap`, "utf8").includes("invalid.illegal"));
for (const { file } of bad) {
  process.stderr.write(`${file} has a token that the grammar takes for a mistake\n`);
}
process.stdout.write(
  `${sources.length} sources of the repository read, ${bad.length} with a token taken for a mistake\n`,
);
process.exit(bad.length === 0 && sources.length > 0 ? 0 : 1);

function listed(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".ord"))
    .map((name) => path.join(folder, name));
}
