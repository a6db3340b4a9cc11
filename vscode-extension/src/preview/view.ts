// What the preview draws, and what its page and the extension say to each other.

import type { Against, Problem } from "../protocol";

/** What plans are compared with; `nothing` where they are not. */
export type Compare = Against | "nothing";

export type Tone = "plain" | "good" | "warn" | "bad";

export interface Chip {
  label: string;
  value: string;
  tone: Tone;
  title?: string;
}

export interface ParameterView {
  name: string;
  type: string;
  value: string;
  /** Whether the value is one that was entered here. */
  given: boolean;
  /** What it is where nothing is given, as the source has it. */
  fallback: string;
  missing: boolean;
  choices: string[];
}

export interface BoxView {
  label: string;
  facts: string[];
  verdicts: { code: string; text: string; tone: Tone }[];
  change?: "added" | "changed";
  linked: boolean;
}

export interface PictureView {
  /** Another number, another picture. */
  revision: number;
  svg: string;
  style: string;
  boxes: BoxView[];
}

export interface VerdictView {
  code: string;
  outcome: string;
  tone: Tone;
  text: string;
  about: string;
  at: number[];
  linked: boolean;
}

export interface DiffView {
  against: string;
  counts: string;
  removed: string[];
  text: string;
}

export interface ProblemView {
  message: string;
  severity: Problem["severity"];
  code?: string;
  linked: boolean;
}

/** The whole page. */
export interface View {
  heading?: { name: string; qualified: string };
  /** Why there is no picture, or why it is an old one. */
  notice?: string;
  /** The picture is that of an earlier text. */
  stale: boolean;
  problems: ProblemView[];
  chips: Chip[];
  denied: string[];
  requires: string[];
  parameters: ParameterView[];
  picture?: PictureView;
  verdicts: VerdictView[];
  compare: Compare;
  diff?: DiffView;
  /** Boxes of the step that the cursor is in. */
  selected: number[];
}

/** Where the plan is that is shown: what a page that is restored begins with. */
export interface Anchor {
  uri: string;
  position: { line: number; character: number };
}

/** From the extension to the page. */
export type ToPage =
  | { type: "draw"; view: View; anchor?: Anchor }
  | { type: "select"; at: number[] }
  | { type: "busy"; busy: boolean };

/** From the page to the extension. Places are named by what they belong to, never by address. */
export type FromPage =
  | { type: "ready" }
  | { type: "open"; what: "plan" }
  | { type: "open"; what: "box" | "verdict" | "problem"; at: number }
  | { type: "explain"; code: string }
  | { type: "argument"; name: string; value: string }
  | { type: "compare"; compare: Compare }
  | { type: "refresh" };

/** What is left of a message from the page, which is not trusted, once it is known to be one. */
export function fromPage(message: unknown): FromPage | undefined {
  if (typeof message !== "object" || message === null || !("type" in message)) {
    return undefined;
  }
  const { type, what, at, code, name, value, compare } = message as Record<string, unknown>;
  switch (type) {
    case "ready":
    case "refresh":
      return { type };
    case "open":
      return opened(what, at);
    case "explain":
      return typeof code === "string" ? { type, code } : undefined;
    case "argument":
      return typeof name === "string" && typeof value === "string" ? { type, name, value } : undefined;
    case "compare":
      return compare === "nothing" || compare === "saved" || compare === "committed" ? { type, compare } : undefined;
    default:
      return undefined;
  }
}

function opened(what: unknown, at: unknown): FromPage | undefined {
  if (what === "plan") {
    return { type: "open", what };
  }
  const known = what === "box" || what === "verdict" || what === "problem";
  return known && typeof at === "number" && Number.isInteger(at) ? { type: "open", what, at } : undefined;
}
