// What is said about a verified plan, how the state of the server looks, and coverage of several packages.

import assert from "node:assert/strict";
import test from "node:test";
import { report } from "../src/commands/report";
import type { PlanPreview } from "../src/protocol";
import { look, told } from "../src/server/state";
import { merged } from "../src/testing/coverage";
import { byFile, idsOf } from "../src/testing/tree";

const range = { start: { line: 0, character: 0 }, end: { line: 1, character: 0 } };
const plan: PlanPreview = {
  plan: "shop.release",
  name: "release",
  uri: "file:///a.ord",
  range,
  selectionRange: range,
  version: null,
  parameters: [],
  problems: [],
};
const summary = {
  steps: 1,
  stages: 0,
  effect: "write",
  risk: "low",
  mode: "assist",
  hash: "x",
  denied: [],
  requires: [],
};

test("a plan that no policy objects to is fine", () => {
  assert.deepEqual(report({ ...plan, summary }), { title: "release: no policy objects.", lines: [], tone: "good" });
});

test("denials, approvals and warnings are counted and listed", () => {
  const verdicts = [
    { code: "GOV-1", outcome: "deny", text: "no", about: "db", at: [0] },
    { code: "GOV-2", outcome: "warn", text: "hm", about: "web", at: [1] },
  ];
  const said = report({ ...plan, summary: { ...summary, denied: ["GOV-1"], requires: ["2 of sre"] }, verdicts });
  assert.equal(said.title, "release: denied by GOV-1; needs 2 of sre; 1 warning.");
  assert.deepEqual(said.lines, ["GOV-1 deny db: no", "GOV-2 warn web: hm"]);
  assert.equal(said.tone, "bad");
});

test("a plan that cannot be compiled says why", () => {
  const parameters = [{ name: "env", type: "Target", missing: true, choices: [] }];
  assert.match(report({ ...plan, parameters }).title, /needs a value for env/);
  assert.match(report({ ...plan, problems: [{ message: "bad", severity: "error" }] }).title, /bad/);
});

test("every state has its look, and the server's own word replaces an older one", () => {
  assert.equal(look({ phase: "missing", message: "Nowhere." }).tone, "warning");
  assert.match(
    look({ phase: "ready", program: "/usr/bin/ordain", version: "0.1.0" }).tooltip,
    /usr\/bin\/ordain.* 0\.1\.0/,
  );
  const loading = told({ phase: "starting", program: "/o" }, { state: "loading", message: "reads" });
  assert.deepEqual(loading, { phase: "loading", program: "/o", message: "reads" });
  assert.deepEqual(told(loading, { state: "ready" }), { phase: "ready", program: "/o" });
});

test("a point that several packages went through counts once, with all hits", () => {
  const later = { start: { line: 5, character: 0 }, end: { line: 5, character: 4 } };
  const files = [
    {
      uri: "file:///a",
      points: [
        { range: later, hits: 0, kind: "when" },
        { range, hits: 1, kind: "when" },
      ],
    },
    { uri: "file:///a", points: [{ range, hits: 2, kind: "when" }] },
  ];
  assert.deepEqual(merged(files), [
    {
      uri: "file:///a",
      points: [
        { range, hits: 3, kind: "when" },
        { range: later, hits: 0, kind: "when" },
      ],
    },
  ]);
});

test("tests are gathered by file, and those of one name told apart", () => {
  const declared = (uri: string, name: string) => ({ uri, name, range, selectionRange: range, package: "/p" });
  const tests = [declared("a", "x"), declared("b", "x"), declared("a", "x"), declared("a", "y")];
  const files = byFile(tests);
  assert.deepEqual([...files.keys()], ["a", "b"]);
  assert.deepEqual(idsOf(files.get("a") ?? []), ["x", "x#2", "y"]);
});
