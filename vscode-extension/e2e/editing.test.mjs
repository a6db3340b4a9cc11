// What one does in a file: mistakes, hovers, completion, renames, formatting.

import assert from "node:assert/strict";
import process from "node:process";
import test, { after, before } from "node:test";
import { open } from "./workbench.mjs";

let workbench;

before(async () => {
  workbench = await open({ settings: { "ordain.server.path": process.env.ORDAIN_E2E_SERVER } });
  await workbench.file("broken.ord");
  await workbench.ready();
});

after(() => workbench?.close());

test("a mistake is underlined, and goes with its cause", async () => {
  await workbench.page.waitForSelector(".squiggly-error");
  await workbench.picture("editing-squiggle");
  await workbench.goTo("shop/broken.ord", '"three"');
  await workbench.page.keyboard.press("Shift+End");
  await workbench.page.keyboard.type("3");
  await workbench.page.waitForSelector(".squiggly-error", { state: "detached" });
  await workbench.page.keyboard.press("Control+z");
  await workbench.page.waitForSelector(".squiggly-error");
});

test("a hover tells what a function is", async () => {
  await workbench.file("main.ord");
  await workbench.goTo("shop/main.ord", "image(1.4.0)", 2);
  await workbench.page.keyboard.press("Control+k");
  await workbench.page.keyboard.press("Control+i");
  const hover = workbench.page.locator(".monaco-hover:visible");
  await hover.filter({ hasText: "The image that a version is packed in." }).waitFor();
  assert.match(plain(await hover.first().textContent()), /image\(version: SemVer\) -> String/);
  await hover
    .first()
    .evaluate((own) => Promise.all(own.getAnimations({ subtree: true }).map(({ finished }) => finished)));
  await workbench.picture("editing-hover");
  await workbench.page.keyboard.press("Escape");
});

test("completion offers the fields of a value", async () => {
  await workbench.goTo("shop/main.ord", "gate healthy");
  await workbench.page.keyboard.type("let place = env.");
  const list = workbench.page.locator(".suggest-widget.visible");
  await list.locator(".monaco-list-row", { hasText: "domain" }).waitFor();
  await list.locator(".monaco-list-row", { hasText: "regions" }).waitFor();
  await workbench.picture("editing-completion");
  await workbench.page.keyboard.type("dom");
  await list.locator(".monaco-list-row.focused", { hasText: "domain" }).waitFor();
  await workbench.page.keyboard.press("Tab");
  await workbench.until(async () => (await workbench.text()).includes("let place = env.domain"), "what was completed");
  await workbench.revert();
});

test("a rename changes every place of a name", async () => {
  await workbench.goTo("shop/main.ord", "image(1.4.0)", 2);
  await workbench.page.keyboard.press("F2");
  await workbench.page.waitForFunction(() => document.activeElement?.classList.contains("rename-input"));
  await workbench.page.keyboard.press("Control+a");
  await workbench.page.keyboard.type("picture");
  await workbench.picture("editing-rename");
  await workbench.page.keyboard.press("Enter");
  await workbench.until(async () => (await workbench.text()).includes("expect picture(1.5.0)"), "the new name");
  const before = workbench.read("shop/main.ord");
  await workbench.page.keyboard.press("Control+s");
  const wanted = before.replaceAll(/\bimage\(/g, "picture(");
  await workbench.until(() => workbench.read("shop/main.ord") === wanted, "the new name on the disk");
  await workbench.page.keyboard.press("Control+z");
  await workbench.page.keyboard.press("Control+s");
  await workbench.until(() => workbench.read("shop/main.ord") === before, "the old name again");
});

test("saving formats", async () => {
  await workbench.goTo("shop/main.ord", "on failure undo");
  await workbench.page.keyboard.type("limit    effect   write\n");
  await workbench.page.keyboard.press("Control+s");
  const formatted = /^ {2}limit effect write$/m;
  await workbench.until(() => formatted.test(workbench.read("shop/main.ord")), "the formatted file");
});

test("nobody complained, and nothing was asked of another host", async () => {
  assert.deepEqual(await workbench.toasts(), []);
  assert.deepEqual([...workbench.foreign], []);
});

/** Text as people read it. */
function plain(text) {
  return text.replaceAll("\u00a0", " ");
}
