// The page of the preview in a browser, without an editor: what is hostile stays text, and nothing flickers.

import assert from "node:assert/strict";
import path from "node:path";
import process from "node:process";
import test, { after, before, beforeEach } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const dist = path.join(path.dirname(fileURLToPath(import.meta.url)), "../dist");
const EVIL = '<img src="http://evil.example/x" onerror="window.evil = true"><script>window.evil = true</script>';
const VIEW = {
  heading: { name: "release", qualified: "shop.release" },
  stale: false,
  problems: [],
  chips: [],
  denied: [],
  requires: [],
  parameters: [],
  verdicts: [],
  compare: "nothing",
  selected: [],
};

let browser;
let page;
const asked = [];

before(async () => {
  const args = ["--headless", "--no-sandbox", "--disable-gpu"];
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
});

after(() => browser?.close());

beforeEach(async () => {
  await page?.close();
  page = await browser.newPage();
  page.on("request", (request) => asked.push(request.url()));
  await page.setContent('<html lang="en"><body><div id="page"></div></body></html>');
  await page.evaluate(() => {
    window.sent = [];
    window.acquireVsCodeApi = () => ({
      postMessage: (message) => window.sent.push(message),
      setState() {},
      getState() {},
    });
  });
  await page.addStyleTag({ path: path.join(dist, "preview.css") });
  await page.addScriptTag({ path: path.join(dist, "preview.js") });
});

test("whatever is hostile in names, problems and pictures stays text", async () => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="100" height="50"
    viewBox="0 0 100 50" onload="window.evil = true">
    <script>window.evil = true</script>
    <style>@import url(http://evil.example/style)</style>
    <foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><iframe src="http://evil.example"/></body></foreignObject>
    <image href="http://evil.example/image"/><use href="http://evil.example/use#a"/>
    <animate attributeName="href" to="javascript:window.evil=true"/>
    <a data-at="0" href="javascript:window.evil=true" x:href="javascript:window.evil=true" onclick="window.evil = true">
      <rect class="k" width="90" height="40" fill="url(http://evil.example/fill)"/><text>box</text></a></svg>`;
  const box = { label: EVIL, facts: [EVIL], verdicts: [{ code: EVIL, text: EVIL, tone: "bad" }], linked: true };
  await draw({
    ...VIEW,
    heading: { name: EVIL, qualified: EVIL },
    notice: EVIL,
    problems: [{ message: EVIL, severity: "error", code: EVIL, linked: true }],
    chips: [{ label: EVIL, value: EVIL, tone: "plain", title: EVIL }],
    denied: [EVIL],
    parameters: [{ name: EVIL, type: EVIL, value: EVIL, given: true, missing: true, choices: [EVIL] }],
    picture: {
      revision: 1,
      svg,
      style: "a { background: url(data:,) } </style><script>window.evil = true</script>",
      boxes: [box],
    },
    verdicts: [{ code: EVIL, outcome: EVIL, tone: "bad", text: EVIL, about: EVIL, at: [0], linked: true }],
    compare: "saved",
    diff: { against: EVIL, counts: EVIL, removed: [EVIL], text: EVIL },
  });
  await page.locator("#picture a").focus();
  await page.locator("#picture a").click();
  assert.equal(await page.evaluate(() => window.evil), undefined);
  assert.equal(
    await page.locator("#page :is(script, style, img, iframe, foreignObject, image, use, animate)").count(),
    0,
  );
  const handlers = await page.evaluate(() =>
    [...document.querySelectorAll("#page *")].flatMap((own) =>
      [...own.attributes].filter(({ name }) => /^on/.test(name)),
    ),
  );
  assert.equal(handlers.length, 0);
  assert.ok((await page.locator("h1").textContent()).includes("<script>"));
  assert.deepEqual(
    asked.filter((url) => url.includes("evil")),
    [],
  );
  const sent = await page.evaluate(() => window.sent);
  assert.deepEqual(sent.at(-1), { type: "open", what: "box", at: 0 });
});

test("the same picture is not drawn again, and what one types in is not taken away", async () => {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><a data-at="0" href="#s0"><text>a</text></a></svg>';
  const view = {
    ...VIEW,
    parameters: [{ name: "version", type: "SemVer", value: "1.4.0", given: false, missing: false, choices: [] }],
    picture: { revision: 1, svg, style: "", boxes: [{ label: "a", facts: [], verdicts: [], linked: false }] },
  };
  await draw(view);
  await page.evaluate(() => {
    window.before = document.querySelector("#picture svg");
  });
  await page.locator("input[name=version]").fill("2.0");
  await draw({ ...view, notice: "broken", stale: true });
  assert.ok(await page.evaluate(() => window.before === document.querySelector("#picture svg")));
  assert.equal(await page.locator("input[name=version]").inputValue(), "2.0");
  assert.ok(await page.locator("input[name=version]").evaluate((own) => own === document.activeElement));
  await draw({ ...view, picture: { ...view.picture, revision: 2 } });
  assert.ok(await page.evaluate(() => window.before !== document.querySelector("#picture svg")));
});

test("what is no picture changes nothing", async () => {
  await draw({ ...VIEW, picture: { revision: 1, svg: "<svg", style: "", boxes: [] } });
  await draw({ ...VIEW, picture: { revision: 2, svg: "<html/>", style: "", boxes: [] } });
  assert.equal(await page.locator("#picture svg").count(), 0);
  assert.equal(await page.locator("h1").textContent(), "release");
});

function draw(view) {
  return page.evaluate(async (of) => {
    window.postMessage({ type: "draw", view: of });
    await new Promise((resolve) => setTimeout(resolve));
    await new Promise(requestAnimationFrame);
  }, view);
}
