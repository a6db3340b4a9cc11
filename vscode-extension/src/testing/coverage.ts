// Points of coverage by line, as the editor shows it.

import { compare } from "../places";
import type { CoveragePoint, CoveredFile } from "../protocol";

/** The points of all answers, each file once; the same point in several answers counts together. */
export function merged(files: readonly CoveredFile[]): CoveredFile[] {
  const byFile = new Map<string, Map<string, CoveragePoint>>();
  for (const { uri, points } of files) {
    const known = byFile.get(uri) ?? new Map<string, CoveragePoint>();
    byFile.set(uri, known);
    for (const point of points) {
      const { start, end } = point.range;
      const key = `${start.line}:${start.character}-${end.line}:${end.character} ${point.kind}`;
      known.set(key, { ...point, hits: point.hits + (known.get(key)?.hits ?? 0) });
    }
  }
  return [...byFile].map(([uri, points]) => ({
    uri,
    points: [...points.values()].sort((a, b) => compare(a.range.start, b.range.start)),
  }));
}
