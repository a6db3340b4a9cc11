// What the preview knows: the last answer of the server, and the last good picture of each plan.

import type { Location } from "vscode-languageclient";
import { boxesAt } from "../places";
import type { PlanPreview, PlanVerdict, Summary } from "../protocol";
import type { BoxView, Chip, Compare, DiffView, PictureView, Tone, VerdictView, View } from "./view";

/** How many plans' pictures are kept. */
const KEPT = 20;

interface Picture {
  revision: number;
  preview: PlanPreview & { svg: string };
}

/** A place in a text. */
export interface Cursor {
  uri: string;
  position: { line: number; character: number };
}

export class PreviewModel {
  /** The last answer about the plan that is shown. */
  private latest: PlanPreview | undefined;
  private readonly pictures = new Map<string, Picture>();
  private revision = 0;
  private failure: string | undefined;
  private cursor: Cursor | undefined;
  /** Plans are compared with this. */
  compare: Compare = "nothing";
  /** What was entered for the plan that is shown. */
  given: Readonly<Record<string, string>> = {};

  get shown(): PlanPreview | undefined {
    return this.latest;
  }

  /** Takes an answer; `null` says that there is no plan, and changes nothing that is shown. */
  answer(preview: PlanPreview | null): void {
    this.failure = undefined;
    if (preview === null) {
      return;
    }
    this.latest = preview;
    if (preview.svg !== undefined) {
      this.revision += 1;
      const key = keyOf(preview);
      this.pictures.delete(key);
      this.pictures.set(key, { revision: this.revision, preview: { ...preview, svg: preview.svg } });
      this.forget();
    }
  }

  /** Takes that there was no answer. */
  fail(why: string): void {
    this.failure = why;
  }

  /** Whether the plan of an answer is drawn as part of what is shown, and says less on its own. */
  isPartOfShown(preview: PlanPreview): boolean {
    const picture = this.picture();
    if (picture === undefined || preview.svg !== undefined || this.pictures.has(keyOf(preview))) {
      return false;
    }
    const inside = ({ location }: { location?: Location }) =>
      location !== undefined &&
      location.uri === preview.uri &&
      location.range.start.line >= preview.range.start.line &&
      location.range.end.line <= preview.range.end.line;
    return preview.plan !== this.latest?.plan && (picture.preview.boxes ?? []).some(inside);
  }

  moveTo(cursor: Cursor | undefined): void {
    this.cursor = cursor;
  }

  /** The boxes of the step that the cursor is in. */
  selected(): number[] {
    const boxes = this.picture()?.preview.boxes;
    return boxes === undefined || this.cursor === undefined
      ? []
      : boxesAt(boxes, this.cursor.uri, this.cursor.position);
  }

  /** Where something of the page is declared. */
  locate(what: "plan" | "box" | "verdict" | "problem", at: number): Location | undefined {
    switch (what) {
      case "plan":
        return this.latest === undefined ? undefined : { uri: this.latest.uri, range: this.latest.selectionRange };
      case "box":
        return this.picture()?.preview.boxes?.[at]?.location;
      case "verdict":
        return this.picture()?.preview.verdicts?.[at]?.location;
      case "problem":
        return this.latest?.problems[at]?.location;
    }
  }

  view(): View {
    const latest = this.latest;
    if (latest === undefined) {
      const notice = this.failure ?? "There is no plan under the cursor. Put it into one.";
      return { ...EMPTY, compare: this.compare, notice };
    }
    const picture = this.picture();
    const stale = picture !== undefined && (latest.svg === undefined || this.failure !== undefined);
    const notice = this.failure ?? noticeOf(latest, picture !== undefined);
    const drawn = picture?.preview;
    const diff = this.compare === "nothing" ? undefined : diffOf(drawn);
    return {
      heading: { name: latest.name, qualified: latest.plan },
      ...(notice === undefined ? {} : { notice }),
      stale,
      problems: latest.problems.map(({ message, severity, code, location }) => ({
        message,
        severity,
        ...(code === undefined ? {} : { code }),
        linked: location !== undefined,
      })),
      chips: chips(drawn?.summary),
      denied: drawn?.summary?.denied ?? [],
      requires: drawn?.summary?.requires ?? [],
      parameters: latest.parameters.map(({ name, type, value, default: fallback = "", missing, choices }) => ({
        name,
        type,
        value: this.given[name] ?? value ?? "",
        given: name in this.given,
        fallback,
        missing,
        choices,
      })),
      ...(picture === undefined ? {} : { picture: drawing(picture) }),
      verdicts: (drawn?.verdicts ?? []).map(verdict),
      compare: this.compare,
      ...(diff === undefined ? {} : { diff }),
      selected: this.selected(),
    };
  }

  private picture(): Picture | undefined {
    return this.latest === undefined ? undefined : this.pictures.get(keyOf(this.latest));
  }

  private forget(): void {
    const [oldest] = this.pictures.keys();
    if (this.pictures.size > KEPT && oldest !== undefined) {
      this.pictures.delete(oldest);
    }
  }
}

const EMPTY: View = {
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

/** What names a plan: two packages may have one of the same name. */
export function keyOf({ uri, plan }: { uri: string; plan: string }): string {
  return `${uri}#${plan}`;
}

function noticeOf(latest: PlanPreview, drawn: boolean): string | undefined {
  if (latest.svg !== undefined) {
    return undefined;
  }
  const missing = latest.parameters.filter((parameter) => parameter.missing).map(({ name }) => name);
  const old = drawn ? " This is the last picture that could be drawn." : "";
  if (missing.length > 0) {
    return `The plan needs a value for ${missing.join(", ")}.${old}`;
  }
  return drawn ? `The plan does not compile as it stands.${old}` : "The plan does not compile yet.";
}

/** How bad an outcome is: of the words of policies, and of those of verdicts about steps. */
export function toneOf(outcome: string): Tone {
  if (/^(den|forbid)/i.test(outcome)) {
    return "bad";
  }
  return /^(allow|permit|exempt)/i.test(outcome) ? "good" : "warn";
}

const RISKS: Record<string, Tone> = { low: "good", medium: "plain", high: "warn", critical: "bad" };
const EFFECTS: Record<string, Tone> = { read: "good", write: "warn", destroy: "bad" };

function chips(summary: Summary | undefined): Chip[] {
  if (summary === undefined) {
    return [];
  }
  const count = (label: string, number: number): Chip => ({
    label: number === 1 ? label : `${label}s`,
    value: String(number),
    tone: "plain",
  });
  const hash = summary.hash.replace(/^sha256:/, "");
  return [
    count("step", summary.steps),
    ...(summary.gates ? [count("gate", summary.gates)] : []),
    ...(summary.stages > 0 ? [count("stage", summary.stages)] : []),
    { label: "effect", value: summary.effect, tone: EFFECTS[summary.effect] ?? "plain" },
    { label: "risk", value: summary.risk, tone: RISKS[summary.risk] ?? "plain" },
    { label: "mode", value: summary.mode, tone: "plain" },
    { label: "hash", value: hash.slice(0, 12), tone: "plain", title: summary.hash },
  ];
}

function drawing({ revision, preview }: Picture): PictureView {
  return { revision, svg: preview.svg, style: preview.style ?? "", boxes: (preview.boxes ?? []).map(box) };
}

function box(each: NonNullable<PlanPreview["boxes"]>[number]): BoxView {
  const stage = each.stage === undefined ? [] : [`stage ${each.stage}`];
  const steps = each.steps > 1 ? [`${each.steps} steps`] : [];
  const change = each.change === undefined ? {} : { change: each.change };
  return {
    label: each.address,
    facts: [each.capability, `effect ${each.effect}`, `risk ${each.risk}`, ...stage, ...steps],
    verdicts: each.verdicts.map(({ code, outcome, text }) => ({ code, text, tone: toneOf(outcome) })),
    ...change,
    linked: each.location !== undefined,
  };
}

function verdict({ code, outcome, text, about, at, location }: PlanVerdict): VerdictView {
  return { code, outcome, tone: toneOf(outcome), text, about, at, linked: location !== undefined };
}

function diffOf(preview: PlanPreview | undefined): DiffView | undefined {
  if (preview?.diff === undefined) {
    return undefined;
  }
  const { against, counts, removed, text } = preview.diff;
  const parts = [
    ...(counts.added > 0 ? [`${counts.added} added`] : []),
    ...(counts.changed > 0 ? [`${counts.changed} changed`] : []),
    ...(counts.removed > 0 ? [`${counts.removed} removed`] : []),
  ];
  return { against, counts: parts.length === 0 ? "no steps differ" : parts.join(", "), removed, text };
}
