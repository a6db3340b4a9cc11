// A package for one platform brings its command along, which can be executed once it is installed.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { open } from "./workbench.mjs";

const extension = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const folder = path.join(extension, "server");
const vsix = path.join(extension, "out/ordain-bundled.vsix");
const mine = existsSync(folder);
let workbench;

before(async () => {
  if (mine) {
    return;
  }
  mkdirSync(folder);
  // Stands for the command itself, which is large.
  writeFileSync(path.join(folder, "ordain"), `#!/bin/sh\nexec "${process.env.ORDAIN_E2E_SERVER}" "$@"\n`, {
    mode: 0o755,
  });
  try {
    const args = ["scripts/package.mjs", "--target", `${process.platform}-${process.arch}`, "--out", vsix];
    const packed = spawnSync("node", args, { cwd: extension });
    assert.equal(packed.status, 0, String(packed.stderr));
  } finally {
    rmSync(folder, { recursive: true });
  }
  workbench = await open({ vsix });
});

after(() => workbench?.close());

test("it is found without a setting, and runs", { skip: mine && "there is a server/ folder already" }, async () => {
  await workbench.file("broken.ord");
  await workbench.ready();
  await workbench.page.waitForSelector(".squiggly-error");
  await workbench.status().hover();
  const program = workbench.page.locator(".monaco-hover:visible", { hasText: "extensions/ordain.ordain-" });
  await program.waitFor();
  assert.match(await program.textContent(), /server\/ordain/);
  assert.deepEqual(await workbench.toasts(), []);
});
