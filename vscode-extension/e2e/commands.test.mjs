// Commands and tasks: explain, restart, a task whose findings become problems, and a plan that is applied in a terminal.

import assert from "node:assert/strict";
import process from "node:process";
import test, { after, before } from "node:test";
import { open } from "./workbench.mjs";

let workbench;

before(async () => {
  workbench = await open({
    settings: {
      "ordain.server.path": process.env.ORDAIN_E2E_SERVER,
      "terminal.integrated.gpuAcceleration": "off",
      "terminal.integrated.rendererType": "dom",
    },
    prepare: ({ remove }) => remove("shop/broken.ord"),
  });
  await workbench.ready();
});

after(() => workbench?.close());

test("the findings of a task become problems", async () => {
  await workbench.command("Tasks: Run Task");
  await workbench.pick("ordain");
  await workbench.pick("ordain: test shop");
  await workbench.page.locator("#status\\.problems", { hasText: "1" }).waitFor();
  await workbench.page.keyboard.press("Control+Shift+M");
  const row = workbench.page.locator(".markers-panel .monaco-list-row", { hasText: "ORD0807" });
  await row.waitFor();
  assert.match(await row.textContent(), /Ln 44/);
  await workbench.picture("commands-problems");
});

test("a code is explained", async () => {
  await workbench.command("Ordain: Explain a Diagnostic Code");
  await workbench.page.waitForSelector(".quick-input-widget input:focus");
  await workbench.page.keyboard.type("ORD0301");
  await workbench.page.keyboard.press("Enter");
  await workbench.page.locator(".tab", { hasText: "ORD0301" }).waitFor();
  await workbench.preview().locator("body", { hasText: "ORD0301" }).waitFor();
  await workbench.picture("commands-explain");
});

test("stopping and starting show in the status", async () => {
  await workbench.command("Ordain: Stop Language Server");
  await workbench.status().locator(".codicon-circle-slash").waitFor();
  await workbench.command("Ordain: Start Language Server");
  await workbench.ready();
});

test("a restart leads back to a server that is ready, and commands wait for it", async () => {
  await workbench.command("Ordain: Restart Language Server");
  await workbench.command("Ordain: Explain a Diagnostic Code");
  await workbench.page.waitForSelector(".quick-input-widget input:focus");
  await workbench.page.keyboard.type("ORD0101");
  await workbench.page.keyboard.press("Enter");
  await workbench.page.locator(".tab", { hasText: "ORD0101" }).waitFor();
  await workbench.ready();
});

test("verify says what policies say", async () => {
  await workbench.file("main.ord");
  await workbench.goTo("shop/main.ord", "let db", 5);
  await workbench.command("Ordain: Verify Plan");
  await workbench.until(async () => /^release: .*sre/.test((await workbench.toasts()).join()), "the verdict");
  await workbench.command("Notifications: Clear All Notifications");
});

test("a plan is applied in a terminal, which shows it and asks", async () => {
  await workbench.file("main.ord");
  await workbench.goTo("shop/main.ord", "let db", 5);
  await workbench.command("Ordain: Apply Plan");
  const terminal = workbench.page.locator(".terminal-wrapper.active .xterm-rows");
  await terminal.filter({ hasText: "schema.migrate" }).waitFor();
  await terminal.filter({ hasText: /\[y\/N\]|yes/i }).waitFor();
  await workbench.picture("commands-apply");
  await workbench.page.keyboard.type("n\n");
});

test("nobody complained, and nothing was asked of another host", async () => {
  assert.deepEqual(await workbench.toasts(), []);
  assert.deepEqual([...workbench.foreign], []);
});
