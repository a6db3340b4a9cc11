// Positions that move along with edits, and the boxes at a position.

import assert from "node:assert/strict";
import test from "node:test";
import { boxesAt, type Edit, shifted } from "../src/places";
import type { PlanBox } from "../src/protocol";

function at(line: number, character: number) {
  return { line, character };
}

/** The offset of a position in a text, and back. */
function offset(text: string, { line, character }: { line: number; character: number }): number {
  return text.split("\n").slice(0, line).join("\n").length + (line > 0 ? 1 : 0) + character;
}

function position(text: string, to: number) {
  const lines = text.slice(0, to).split("\n");
  return at(lines.length - 1, (lines.at(-1) ?? "").length);
}

test("a position keeps its place in the text, whatever is typed around it", () => {
  const text = "one\ntwo three\n\nfour\nfive";
  const inserts = ["", "x", "\n", "a\nbc", "\n\n", "long text"];
  const mark = text.indexOf("three");
  for (let from = 0; from <= text.length; from++) {
    for (let to = from; to <= Math.min(text.length, from + 7); to++) {
      for (const insert of inserts) {
        const edit: Edit = { range: { start: position(text, from), end: position(text, to) }, text: insert };
        const after = text.slice(0, from) + insert + text.slice(to);
        const moved = offset(after, shifted(position(text, mark), [edit]));
        const expected = mark <= from ? mark : mark < to ? from : mark + insert.length - (to - from);
        assert.equal(moved, expected, `${from}..${to} becomes ${JSON.stringify(insert)}`);
      }
    }
  }
});

test("edits are made one after the other", () => {
  const line: Edit = { range: { start: at(0, 0), end: at(0, 0) }, text: "\n" };
  assert.deepEqual(shifted(at(3, 2), [line, line]), at(5, 2));
});

function box(address: string, from: [number, number], to: [number, number], uri = "file:///a.ord"): PlanBox {
  const range = { start: at(...from), end: at(...to) };
  const plain = { capability: "c", effect: "read", risk: "low", steps: 1, verdicts: [], id: address };
  return { address, title: address, ...plain, location: { uri, range } };
}

test("the innermost step is found, with all boxes that a loop makes of it", () => {
  const boxes = [
    box("outer", [1, 0], [9, 0]),
    box("web[a]", [3, 0], [4, 0]),
    box("web[b]", [3, 0], [4, 0]),
    box("elsewhere", [3, 0], [4, 0], "file:///b.ord"),
  ];
  assert.deepEqual(boxesAt(boxes, "file:///a.ord", at(3, 5)), [1, 2]);
  assert.deepEqual(boxesAt(boxes, "file:///a.ord", at(8, 0)), [0]);
  assert.deepEqual(boxesAt(boxes, "file:///a.ord", at(20, 0)), []);
});
