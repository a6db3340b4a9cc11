// What the preview shows: of good answers, broken ones, and none.

import assert from "node:assert/strict";
import test from "node:test";
import { PlanArguments } from "../src/preview/arguments";
import { PreviewModel, toneOf } from "../src/preview/model";
import { fromPage } from "../src/preview/view";
import type { PlanBox, PlanPreview } from "../src/protocol";

const range = { start: { line: 0, character: 0 }, end: { line: 9, character: 1 } };
const base: PlanPreview = {
  plan: "shop.main.release",
  name: "release",
  uri: "file:///shop/main.ord",
  range,
  selectionRange: range,
  version: 1,
  parameters: [],
  problems: [],
};
const box: PlanBox = {
  address: "db",
  title: "db",
  capability: "database.ensure",
  effect: "write",
  risk: "medium",
  steps: 1,
  verdicts: [],
  location: {
    uri: "file:///shop/main.ord",
    range: { start: { line: 2, character: 2 }, end: { line: 3, character: 0 } },
  },
  id: "1",
};
const summary = {
  steps: 1,
  stages: 0,
  effect: "write",
  risk: "critical",
  mode: "assist",
  hash: "sha256:0123456789abcdef",
  denied: [],
  requires: ["2 of sre"],
};
const good: PlanPreview = { ...base, svg: "<svg/>", style: "a{}", boxes: [box], summary };
const broken: PlanPreview = {
  ...base,
  version: 2,
  problems: [{ message: "expected a name", severity: "error", code: "ORD0101" }],
};

test("a good answer is drawn", () => {
  const model = new PreviewModel();
  model.answer(good);
  const view = model.view();
  assert.equal(view.picture?.svg, "<svg/>");
  assert.equal(view.stale, false);
  assert.equal(view.notice, undefined);
  assert.deepEqual(
    view.chips.map(({ value, label }) => `${value} ${label}`),
    ["1 step", "write effect", "critical risk", "assist mode", "0123456789ab hash"],
  );
  assert.deepEqual(view.requires, ["2 of sre"]);
});

test("a broken answer keeps the last good picture, says so, and says what is wrong", () => {
  const model = new PreviewModel();
  model.answer(good);
  const before = model.view().picture;
  model.answer(broken);
  const view = model.view();
  assert.deepEqual(view.picture, before);
  assert.equal(view.stale, true);
  assert.match(view.notice ?? "", /last picture/);
  assert.equal(view.problems[0]?.message, "expected a name");
  model.answer(good);
  assert.equal(model.view().stale, false);
  assert.notEqual(model.view().picture?.revision, before?.revision);
});

test("no plan under the cursor changes nothing", () => {
  const model = new PreviewModel();
  assert.match(model.view().notice ?? "", /no plan/);
  model.answer(good);
  const before = model.view();
  model.answer(null);
  assert.deepEqual(model.view(), before);
});

test("a server that does not answer keeps the picture, too", () => {
  const model = new PreviewModel();
  model.answer(good);
  model.fail("There is no answer.");
  assert.equal(model.view().notice, "There is no answer.");
  assert.equal(model.view().stale, true);
  assert.notEqual(model.view().picture, undefined);
});

test("another plan that is broken does not get the picture of this one", () => {
  const model = new PreviewModel();
  model.answer(good);
  model.answer({ ...broken, plan: "shop.main.other", name: "other" });
  assert.equal(model.view().picture, undefined);
  assert.equal(model.view().heading?.name, "other");
});

test("what is missing is named", () => {
  const model = new PreviewModel();
  model.answer({ ...base, parameters: [{ name: "env", type: "Target", missing: true, choices: ["dev"] }] });
  assert.match(model.view().notice ?? "", /a value for env/);
  assert.equal(model.view().parameters[0]?.missing, true);
});

test("a plan that is a part of what is shown, and cannot be drawn alone, is known as such", () => {
  const model = new PreviewModel();
  const inner = { start: { line: 1, character: 0 }, end: { line: 5, character: 1 } };
  const part = { ...base, plan: "shop.main.part", name: "part", range: inner };
  assert.equal(model.isPartOfShown(part), false);
  model.answer(good);
  assert.equal(model.isPartOfShown(part), true);
  assert.equal(model.isPartOfShown({ ...part, svg: "<svg/>" }), false);
  assert.equal(model.isPartOfShown({ ...part, uri: "file:///shop/else.ord" }), false);
});

test("the box of the step that the cursor is in is selected", () => {
  const model = new PreviewModel();
  model.answer(good);
  model.moveTo({ uri: base.uri, position: { line: 2, character: 9 } });
  assert.deepEqual(model.view().selected, [0]);
  model.moveTo({ uri: base.uri, position: { line: 7, character: 0 } });
  assert.deepEqual(model.selected(), []);
});

test("differences are shown only where they are asked for", () => {
  const model = new PreviewModel();
  const diff = { against: "saved", text: "~ db", counts: { added: 1, changed: 0, removed: 2 }, removed: ["a", "b"] };
  model.answer({ ...good, diff });
  assert.equal(model.view().diff, undefined);
  model.compare = "saved";
  assert.equal(model.view().diff?.counts, "1 added, 2 removed");
});

test("places are found by what they belong to, and nowhere else", () => {
  const model = new PreviewModel();
  model.answer(good);
  assert.deepEqual(model.locate("box", 0), box.location);
  assert.equal(model.locate("box", 1), undefined);
  assert.equal(model.locate("box", -1), undefined);
  assert.deepEqual(model.locate("plan", 0), { uri: base.uri, range });
});

test("only so many pictures are kept", () => {
  const model = new PreviewModel();
  for (let at = 0; at < 40; at++) {
    model.answer({ ...good, plan: `plan${at}` });
  }
  model.answer({ ...broken, plan: "plan0" });
  assert.equal(model.view().picture, undefined);
  model.answer({ ...broken, plan: "plan39" });
  assert.notEqual(model.view().picture, undefined);
});

test("outcomes have tones", () => {
  const tones = (outcomes: string[]) => [...new Set(outcomes.map(toneOf))];
  assert.deepEqual(tones(["deny", "denied", "forbid"]), ["bad"]);
  assert.deepEqual(tones(["approval", "warn", "pending", "gate"]), ["warn"]);
  assert.deepEqual(tones(["permit", "allow", "exempt"]), ["good"]);
});

test("messages of the page are taken only where they are what they should be", () => {
  assert.deepEqual(fromPage({ type: "open", what: "box", at: 3, uri: "file:///etc/passwd" }), {
    type: "open",
    what: "box",
    at: 3,
  });
  for (const bad of [null, 1, "ready", {}, { type: "open" }, { type: "open", what: "box", at: "0" }, { type: "run" }]) {
    assert.equal(fromPage(bad), undefined, JSON.stringify(bad));
  }
  assert.equal(fromPage({ type: "compare", compare: "else" }), undefined);
  assert.equal(fromPage({ type: "argument", name: "env" }), undefined);
});

test("what is entered is remembered for each plan, and forgotten when emptied", async () => {
  const kept = new Map<string, unknown>();
  const memory = {
    get: <T>(key: string, otherwise: T) => (kept.get(key) as T | undefined) ?? otherwise,
    update: async (key: string, value: unknown) => void kept.set(key, value),
  };
  const entered = new PlanArguments(memory);
  await entered.set("a#p", "env", "dev");
  await entered.set("a#p", "version", "1.0.0");
  await entered.set("b#p", "env", "production");
  assert.deepEqual(new PlanArguments(memory).of("a#p"), { env: "dev", version: "1.0.0" });
  await entered.set("a#p", "env", "");
  await entered.set("b#p", "env", "");
  assert.deepEqual(entered.of("a#p"), { version: "1.0.0" });
  assert.deepEqual(entered.of("b#p"), {});
});
