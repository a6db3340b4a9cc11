// Which tests stand in which file, as the view of tests shows them.

import type { DeclaredTest } from "../protocol";

/** The tests of each file, by its URI. */
export function byFile(tests: readonly DeclaredTest[]): Map<string, DeclaredTest[]> {
  const files = new Map<string, DeclaredTest[]>();
  for (const test of tests) {
    files.set(test.uri, [...(files.get(test.uri) ?? []), test]);
  }
  return files;
}

/** What names a test within its file; tests of one name are told apart by their order. */
export function idsOf(tests: readonly DeclaredTest[]): string[] {
  const seen = new Map<string, number>();
  return tests.map(({ name }) => {
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return before === 0 ? name : `${name}#${before + 1}`;
  });
}
