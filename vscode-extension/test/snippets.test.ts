// There is a snippet for every kind of declaration.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

interface Snippet {
  prefix: string | string[];
  description: string;
  body: string[];
}

const snippets = Object.values(JSON.parse(readFileSync("snippets/ordain.json", "utf8")) as Record<string, Snippet>);

test("every declaration has a snippet of its name", () => {
  const [, body = ""] = /^declaration *= ([^;]*);/m.exec(readFileSync("../docs/reference/grammar.md", "utf8")) ?? [];
  const kinds = body.split("|").map((name) => name.trim().replace(/_decl$/, ""));
  const prefixes = new Set(snippets.flatMap(({ prefix }) => prefix));
  assert.deepEqual(
    kinds.filter((kind) => !prefixes.has(kind)),
    [],
  );
});

test("snippets end where one goes on, and say what they are", () => {
  for (const { body, description } of snippets) {
    assert.match(body.join("\n"), /\$0/);
    assert.notEqual(description, "");
  }
});
