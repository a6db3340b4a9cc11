// The plan preview: drawn, followed, kept while the file is broken, compared, and a way to the source.

import assert from "node:assert/strict";
import process from "node:process";
import test, { after, before } from "node:test";
import { open } from "./workbench.mjs";

let workbench;
let preview;
/** What the page's content security policy has stopped. */
const stopped = [];

before(async () => {
  workbench = await open({ settings: { "ordain.server.path": process.env.ORDAIN_E2E_SERVER } });
  workbench.page.on("console", (message) => {
    if (/content security policy|refused to/i.test(message.text()) && /preview|svg|style/i.test(message.text())) {
      stopped.push(message.text());
    }
  });
  await workbench.file("main.ord");
  await workbench.ready();
  preview = workbench.preview();
});

after(() => workbench?.close());

test("the plan under the cursor is drawn, with what policies say", async () => {
  await workbench.goTo("shop/main.ord", "let tables");
  await workbench.page.keyboard.press("Control+k");
  await workbench.page.keyboard.press("v");
  await preview.locator("#picture svg").waitFor();
  assert.equal(await preview.locator("h1").textContent(), "release");
  assert.ok((await boxes()).some((label) => label.includes("schema.migrate")));
  const chips = (await preview.locator(".chips li").allTextContents()).join(", ");
  assert.match(chips, /\d steps/);
  assert.match(chips, /high risk/);
  await preview.locator(".verdict", { hasText: "GOV-101" }).waitFor();
});

test("the box of the step under the cursor is marked", async () => {
  await preview.locator("#picture a.on").waitFor();
  assert.match(await preview.locator("#picture a.on").getAttribute("aria-label"), /tables/);
  await workbench.goTo("shop/main.ord", "gate healthy", 6);
  await preview.locator("#picture a.on[aria-label*='healthy']").waitFor();
});

test("it is drawn again while one types, and the change is marked against what is saved", async () => {
  await preview.locator("#compare").selectOption("saved");
  await workbench.goTo("shop/main.ord", "gate healthy");
  await workbench.page.keyboard.type('let copy = database.ensure { name: "copy" }');
  await preview.locator("#picture a[aria-label*='copy']").waitFor();
  await preview.locator("#picture a.added[aria-label*='copy']").waitFor();
  await preview.locator(".diff h2", { hasText: "1 added" }).waitFor();
  await workbench.picture("preview-added");
});

test("a broken file keeps the picture, says what is wrong, and leads there", async () => {
  const before = await boxes();
  await workbench.page.keyboard.type("  let");
  await preview.locator(".banner:not([hidden])", { hasText: /ORD\d{4}/ }).waitFor();
  assert.deepEqual(await boxes(), before);
  await workbench.picture("preview-broken");
  await workbench.revert();
  await preview.locator(".banner").waitFor({ state: "hidden" });
  await preview.locator("#picture a[aria-label*='copy']").waitFor({ state: "detached" });
});

test("a click on a box leads to its step", async () => {
  await preview.locator("#compare").selectOption("nothing");
  await preview.locator("#picture a[aria-label*='tables']").click();
  const line = workbench.lineOf("shop/main.ord", "let tables");
  await workbench.until(async () => (await workbench.position()).startsWith(`Ln ${line},`), "the step's line");
  assert.equal(await preview.locator("h1").textContent(), "release");
});

test("a plan that needs a value asks for it, and remembers it", async () => {
  await workbench.goTo("shop/main.ord", "gate up", 5);
  await preview.locator("h1", { hasText: "look" }).waitFor();
  const field = preview.locator(".missing input[name=page]");
  await field.waitFor();
  await workbench.picture("preview-missing");
  await field.fill("news");
  await field.press("Enter");
  await preview.locator("#picture a[aria-label*='http.probe']").waitFor();
  await workbench.goTo("shop/main.ord", "let db", 5);
  await preview.locator("h1", { hasText: "release" }).waitFor();
  await workbench.goTo("shop/main.ord", "gate up", 5);
  await preview.locator("h1", { hasText: "look" }).waitFor();
  await preview.locator("#picture a[aria-label*='http.probe']").waitFor();
  assert.equal(await preview.locator("input[name=page]").inputValue(), "news");
});

test("another environment makes another plan", async () => {
  await workbench.goTo("shop/main.ord", "let db", 5);
  await preview.locator("h1", { hasText: "release" }).waitFor();
  const many = (await boxes()).length;
  const choice = preview.locator("select[name=env]");
  const options = await choice.locator("option").evaluateAll((all) => all.map(({ value }) => value));
  const dev = options.find((option) => /(^|\.)dev$/.test(option));
  assert.ok(dev !== undefined, String(options));
  await choice.selectOption(dev);
  await workbench.until(async () => (await boxes()).length < many, "fewer regions");
  assert.equal(await preview.locator(".verdict", { hasText: "GOV-101" }).count(), 0);
  await choice.selectOption("");
  await workbench.until(async () => (await boxes()).length === many, "the default again");
});

test("it can be read and used without a mouse", async () => {
  await workbench.goTo("shop/main.ord", "let db", 5);
  await preview.locator("h1", { hasText: "release" }).waitFor();
  const first = preview.locator("#picture a").first();
  await first.focus();
  await workbench.page.keyboard.press("ArrowRight");
  const focused = preview.locator("#picture a:focus");
  assert.notEqual(await focused.getAttribute("aria-label"), await first.getAttribute("aria-label"));
  const facts = await preview.locator(".facts").textContent();
  assert.match(facts, /effect/);
  for (const control of await preview.locator("button, select, input").all()) {
    const named = await control.evaluate((own) => own.textContent || own.ariaLabel || own.labels?.length || own.title);
    assert.ok(named, await control.evaluate((own) => own.outerHTML));
  }
});

test("nobody complained, and nothing was asked of another host", async () => {
  assert.deepEqual(await workbench.toasts(), []);
  assert.deepEqual([...workbench.foreign], []);
  assert.deepEqual(stopped, []);
});

function boxes() {
  return preview.locator("#picture a").evaluateAll((all) => all.map((box) => box.getAttribute("aria-label")));
}
