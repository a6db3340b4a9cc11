// What the language server and this client say to each other beyond LSP.

import type { Location, Position, Range } from "vscode-languageclient";

/** What a plan is compared with. */
export type Against = "saved" | "committed";

export interface PlanParams {
  textDocument: { uri: string };
  position: Position;
  against?: Against;
  arguments?: Record<string, string>;
  graph?: boolean;
}

export interface Parameter {
  name: string;
  type: string;
  value?: string;
  /** The default as it is written. */
  default?: string;
  missing: boolean;
  /** Names of environments that fit. */
  choices: string[];
}

export interface Problem {
  message: string;
  code?: string;
  severity: "error" | "warning" | "information" | "hint";
  location?: Location;
}

export interface Summary {
  steps: number;
  gates?: number;
  stages: number;
  effect: string;
  risk: string;
  mode: string;
  hash: string;
  denied: string[];
  requires: string[];
}

export interface Verdict {
  code: string;
  outcome: string;
  text: string;
  location?: Location;
}

/** A box of the picture. */
export interface PlanBox {
  address: string;
  title: string;
  capability: string;
  stage?: string;
  effect: string;
  risk: string;
  /** How many steps it stands for. */
  steps: number;
  verdicts: Verdict[];
  location?: Location;
  change?: "added" | "changed";
  id: string;
}

export interface PlanVerdict extends Verdict {
  /** Whom or what it is about. */
  about: string;
  /** Indices of boxes. */
  at: number[];
}

export interface PlanDiff {
  against: string;
  text: string;
  counts: { added: number; removed: number; changed: number };
  removed: string[];
}

/** The answer to `ordain/plan`. */
export interface PlanPreview {
  /** The qualified name, such as `shop.release`. */
  plan: string;
  name: string;
  uri: string;
  range: Range;
  selectionRange: Range;
  version: number | null;
  parameters: Parameter[];
  problems: Problem[];
  summary?: Summary;
  /** CSS of the picture. */
  style?: string;
  svg?: string;
  boxes?: PlanBox[];
  verdicts?: PlanVerdict[];
  diff?: PlanDiff;
}

/** A `test` declaration. */
export interface DeclaredTest {
  uri: string;
  name: string;
  range: Range;
  selectionRange: Range;
  package: string;
}

export interface RunTestsParams {
  tests?: { uri: string; name: string }[];
  coverage?: boolean;
}

export interface TestFailure {
  message: string;
  detail?: string;
  location?: Location;
}

export interface TestOutcome {
  uri: string;
  name: string;
  passed: boolean;
  expectations: number;
  milliseconds: number;
  failures: TestFailure[];
}

/** A place that tests can go through. */
export interface CoveragePoint {
  range: Range;
  hits: number;
  kind: string;
}

export interface CoveredFile {
  uri: string;
  points: CoveragePoint[];
}

export interface RunTestsResult {
  runs: TestOutcome[];
  coverage?: CoveredFile[];
  problems: string[];
}

/** A page about a diagnostic code. */
export interface Explanation {
  code: string;
  title: string;
  markdown: string;
}

/** What `ordain/status` tells. */
export interface StatusParams {
  state: "loading" | "ready" | "failed";
  message?: string;
}

/** What the lenses and actions of the server hand to the commands of this client. */
export interface PlanArgument {
  uri: string;
  position: Position;
  plan: string;
}

export interface ApplyArgument {
  uri: string;
  plan: string;
  package: string;
}

export interface RunTestsArgument {
  uri: string;
  tests: string[];
}

export interface ReferencesArgument {
  uri: string;
  position: Position;
  locations: Location[];
}
