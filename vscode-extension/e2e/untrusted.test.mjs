// In a workspace that is not trusted, nothing of it is executed.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import test, { after, before } from "node:test";
import { open } from "./workbench.mjs";

let workbench;
const server = process.env.ORDAIN_E2E_SERVER;

before(async () => {
  workbench = await open({
    trusted: false,
    settings: { "ordain.server.path": server },
    prepare: ({ folder, write }) => {
      const trap = path.join(folder, "trap.sh");
      write("trap.sh", `#!/bin/sh\ntouch "${folder}/sprung"\nexec "${server}" "$@"\n`, 0o755);
      write(".vscode/settings.json", JSON.stringify({ "ordain.server.path": trap }));
    },
  });
});

after(() => workbench?.close());

test("the user's server runs, and the one that the workspace names does not", async () => {
  await workbench.page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
  await workbench.file("broken.ord");
  await workbench.ready();
  await workbench.page.waitForSelector(".squiggly-error");
  assert.equal(existsSync(path.join(workbench.folder, "sprung")), false);
  await workbench.picture("untrusted");
});

test("no plan is applied", async () => {
  await workbench.file("main.ord");
  assert.equal(await workbench.isOffered("Ordain: Apply Plan"), false);
  assert.equal(await workbench.isOffered("Ordain: Open Plan Preview"), true);
  assert.deepEqual(await workbench.toasts(), []);
});
