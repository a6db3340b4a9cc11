// What policies say about a plan, in words.

import { toneOf } from "../preview/model";
import type { PlanPreview } from "../protocol";

export interface Report {
  title: string;
  lines: string[];
  tone: "good" | "bad";
}

export function report(preview: PlanPreview): Report {
  const { name, problems, summary, verdicts = [] } = preview;
  const said = verdicts.map(({ code, outcome, about, text }) => `${code} ${outcome} ${about}: ${text}`);
  const found = problems.map(({ code, message }) => (code === undefined ? message : `${code} ${message}`));
  const missing = preview.parameters.filter((parameter) => parameter.missing).map((parameter) => parameter.name);
  if (summary === undefined) {
    const why = missing.length > 0 ? `it needs a value for ${missing.join(", ")}` : (found[0] ?? "it does not compile");
    return { title: `${name} cannot be verified: ${why}.`, lines: found, tone: "bad" };
  }
  const parts = [
    ...(summary.denied.length > 0 ? [`denied by ${summary.denied.join(", ")}`] : []),
    ...(summary.requires.length > 0 ? [`needs ${summary.requires.join(", ")}`] : []),
  ];
  const warned = verdicts.filter(({ outcome }) => /^warn/i.test(outcome)).length;
  const warnings = warned === 0 ? [] : [`${warned} ${warned === 1 ? "warning" : "warnings"}`];
  const all = [...parts, ...warnings];
  const bad = verdicts.some(({ outcome }) => toneOf(outcome) === "bad") || summary.denied.length > 0;
  const title = all.length === 0 ? `${name}: no policy objects.` : `${name}: ${all.join("; ")}.`;
  return { title, lines: [...said, ...found], tone: bad || parts.length > 0 ? "bad" : "good" };
}
