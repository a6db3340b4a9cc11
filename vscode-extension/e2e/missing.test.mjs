// Without the command: colours are there, and a message says what to do.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { open } from "./workbench.mjs";

let workbench;

before(async () => {
  workbench = await open({ settings: { "ordain.server.path": "/nowhere/ordain" } });
});

after(() => workbench?.close());

test("a message says what is missing and what to do", async () => {
  const toast = workbench.page.locator(".notification-toast");
  await toast.waitFor();
  const text = await toast.textContent();
  assert.match(text, /needs its command/);
  assert.match(text, /\/nowhere\/ordain/);
  assert.match(text, /How to Get It/);
  assert.match(text, /Say Where It Is/);
  await workbench.picture("missing-message");
  await toast.locator(".monaco-button", { hasText: "How to Get It" }).click();
  await workbench.page.getByText("Get Started with Ordain").first().waitFor();
  await workbench.picture("missing-walkthrough");
});

test("the status item shows it", async () => {
  await workbench.status().locator(".codicon-warning").waitFor();
});

test("words, names and texts have colours of their own", async () => {
  await workbench.file("main.ord");
  const word = workbench.colour("plan");
  const string = workbench.colour('"GOV-101"');
  await workbench.until(async () => (await word()) !== undefined && (await string()) !== undefined, "colours");
  const colours = [
    await word(),
    await string(),
    await workbench.colour("/// A release of the shop to one environment.")(),
  ];
  assert.equal(new Set(colours).size, 3, String(colours));
  await workbench.picture("missing-colours");
});

test("fences of Markdown are coloured, too", async () => {
  await workbench.file("README.md");
  const word = workbench.colour("plan");
  const type = workbench.colour("String");
  await workbench.until(
    async () => (await word()) !== undefined && (await type()) !== undefined,
    "colours of the fence",
  );
  assert.notEqual(await word(), await type());
});

test("nothing was asked of another host", () => {
  assert.deepEqual([...workbench.foreign], []);
});
