// Tests in the editor: found, run from a lens and with coverage, failures at their place.

import assert from "node:assert/strict";
import process from "node:process";
import test, { after, before } from "node:test";
import { open } from "./workbench.mjs";

let workbench;

before(async () => {
  workbench = await open({ settings: { "ordain.server.path": process.env.ORDAIN_E2E_SERVER } });
  await workbench.file("main.ord");
  await workbench.ready();
});

after(() => workbench?.close());

test("every test has a mark at its place", async () => {
  await workbench.goTo("shop/main.ord", 'test "an image');
  await workbench.until(async () => (await workbench.page.locator(".testing-run-glyph").count()) === 2, "two marks");
});

test("running them shows what holds and what does not, where it does not", async () => {
  await workbench.command("Ordain: Run Tests of This File");
  await workbench.page.locator(".testing-run-glyph.codicon-testing-passed-icon").waitFor();
  await workbench.page.locator(".testing-run-glyph.codicon-testing-failed-icon").waitFor();
  const failure = workbench.page.locator(".test-message-inline-content, .test-error-content-widget");
  await failure.first().waitFor();
  await workbench.picture("testing-failed");
});

test("a correction makes them pass", async () => {
  await workbench.page.keyboard.press("Escape");
  await workbench.goTo("shop/main.ord", 'latest"');
  for (const _ of "latest") {
    await workbench.page.keyboard.press("Delete");
  }
  await workbench.page.keyboard.type("1.5.0");
  await workbench.command("Ordain: Run Tests of This File");
  await workbench.until(
    async () => (await workbench.page.locator(".testing-run-glyph.codicon-testing-passed-icon").count()) === 2,
    "two tests that pass",
  );
});

test("coverage is shown for what they went through", async () => {
  await workbench.goTo("shop/main.ord", "policy two_of_sre");
  await workbench.command("Test: Run All Tests with Coverage");
  const covered = workbench.page.locator(".coverage-deco-gutter.coverage-deco-hit");
  await covered.first().waitFor();
  await workbench.picture("testing-coverage");
});

test("nobody complained, and nothing was asked of another host", async () => {
  assert.deepEqual(await workbench.toasts(), []);
  assert.deepEqual([...workbench.foreign], []);
});
