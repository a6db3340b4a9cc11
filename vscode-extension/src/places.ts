// Positions and ranges of texts, without an editor.

import type { Location, Position, Range } from "vscode-languageclient";
import type { PlanBox } from "./protocol";

/** A replacement in a text, as editors report it. */
export interface Edit {
  range: Range;
  text: string;
}

/** Below zero where `a` stands before `b`. */
export function compare(a: Position, b: Position): number {
  return a.line - b.line || a.character - b.character;
}

/** Whether the position is in the range, its end included. */
export function contains(range: Range, at: Position): boolean {
  return compare(range.start, at) <= 0 && compare(at, range.end) <= 0;
}

/** Where a position is after edits that were made one after the other; the start of an edit it stood in. */
export function shifted(at: Position, edits: readonly Edit[]): Position {
  return edits.reduce((position, edit) => moved(position, edit), at);
}

function moved(at: Position, { range, text }: Edit): Position {
  if (compare(at, range.start) <= 0) {
    return at;
  }
  if (compare(at, range.end) < 0) {
    return range.start;
  }
  const lines = text.split("\n");
  const last = lines.at(-1) ?? "";
  const end = {
    line: range.start.line + lines.length - 1,
    character: lines.length === 1 ? range.start.character + last.length : last.length,
  };
  return at.line === range.end.line
    ? { line: end.line, character: end.character + at.character - range.end.character }
    : { line: at.line + end.line - range.end.line, character: at.character };
}

/** The boxes of the innermost step that the position is in; a loop makes several of one place. */
export function boxesAt(boxes: readonly PlanBox[], uri: string, at: Position): number[] {
  const around = boxes.flatMap(({ location }, index) =>
    location !== undefined && location.uri === uri && contains(location.range, at) ? [{ index, location }] : [],
  );
  const inner = around.reduce<Location | undefined>(
    (least, { location }) => (least === undefined || isWithin(location.range, least.range) ? location : least),
    undefined,
  );
  return inner === undefined
    ? []
    : around.filter(({ location }) => isSame(location.range, inner.range)).map(({ index }) => index);
}

function isWithin(inner: Range, outer: Range): boolean {
  return compare(outer.start, inner.start) <= 0 && compare(inner.end, outer.end) <= 0;
}

function isSame(a: Range, b: Range): boolean {
  return compare(a.start, b.start) === 0 && compare(a.end, b.end) === 0;
}
