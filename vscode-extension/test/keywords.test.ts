// The grammar of the editor knows every word of the language, and calls no other word one.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const REFERENCE = readFileSync("../docs/reference/grammar.md", "utf8");
const PROOFS = readFileSync("test/grammar/words.ord", "utf8").split("\n");
const GRAMMAR = readFileSync("syntaxes/ordain.tmLanguage.json", "utf8");

/** The words that a rule of the reference lists. */
function rule(name: string): string[] {
  const [, body = ""] = new RegExp(`^${name} *= ([^;]*);`, "m").exec(REFERENCE) ?? [];
  return [...body.matchAll(/"([a-z]+)"/g)].map(([, word = ""]) => word);
}

/** The words that an assertion of the grammar's tests says to be words of the language. */
function proven(): Set<string> {
  const words = new Set<string>();
  let source = "";
  for (const line of PROOFS) {
    const [, marks, scope] = /^\/\/( *\^+| <~*-+) ((?:keyword|storage|constant\.language)\.\S+)$/.exec(line) ?? [];
    if (marks === undefined || scope === undefined) {
      source = line.startsWith("//") ? source : line;
      continue;
    }
    const [, shift = "", length = ""] = /<(~*)(-+)/.exec(marks) ?? [];
    const from = length === "" ? 2 + marks.indexOf("^") : shift.length;
    const upTo = length === "" ? 2 + marks.length : from + length.length;
    words.add(source.slice(from, upTo));
  }
  return words;
}

const words = [...rule("reserved"), ...rule("contextual")];

test("the reference lists the words", () => {
  assert.ok(words.length > 60, `${words.length} words were found`);
});

test("every word of the language is one to the grammar", () => {
  const known = proven();
  const unproven = words.filter((word) => !known.has(word));
  assert.deepEqual(unproven, [], "add a line with each of them to test/grammar/words.ord");
});

test("every word is written in the grammar", () => {
  const missing = words.filter((word) => !new RegExp(`(?<![a-z])${word}(?![a-z])`).test(GRAMMAR));
  assert.deepEqual(missing, []);
});

test("the grammar declares what declarations begin with", () => {
  const [, body = ""] = /^declaration *= ([^;]*);/m.exec(REFERENCE) ?? [];
  const rules = body.split("|").map((name) => name.trim().replace(/_decl$/, ""));
  assert.ok(rules.length >= 12);
  const unknown = rules.filter((word) => !proven().has(word));
  assert.deepEqual(unknown, []);
});
