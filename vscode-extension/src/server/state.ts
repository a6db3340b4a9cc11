// What the language server is doing, and how that is shown.

import type { StatusParams } from "../protocol";

/** `missing`: there is no command; `outdated`: there is one that knows no `lsp`. */
export type Phase = "stopped" | "missing" | "outdated" | "starting" | "loading" | "ready" | "failed";

export interface ServerState {
  phase: Phase;
  /** Why, where there is a reason. */
  message?: string;
  /** The command that runs. */
  program?: string;
  version?: string;
}

export interface Look {
  text: string;
  tooltip: string;
  tone: "plain" | "warning" | "error";
}

const LOOKS: Record<Phase, { icon: string; says: string; tone: Look["tone"] }> = {
  stopped: { icon: "$(circle-slash)", says: "The language server is stopped.", tone: "plain" },
  missing: { icon: "$(warning)", says: "The `ordain` command was not found.", tone: "warning" },
  outdated: { icon: "$(warning)", says: "The `ordain` command is too old for this extension.", tone: "warning" },
  starting: { icon: "$(sync~spin)", says: "The language server starts.", tone: "plain" },
  loading: { icon: "$(sync~spin)", says: "Packages are read.", tone: "plain" },
  ready: { icon: "$(check)", says: "The language server is ready.", tone: "plain" },
  failed: { icon: "$(error)", says: "The language server failed.", tone: "error" },
};

/** How a state is shown in the status bar. */
export function look(state: ServerState): Look {
  const { icon, says, tone } = LOOKS[state.phase];
  const lines = [says, state.message, described(state)].filter((line) => line !== undefined && line !== "");
  return { text: `${icon} Ordain`, tooltip: lines.join("\n\n"), tone };
}

function described({ program, version }: ServerState): string | undefined {
  return program === undefined ? undefined : `\`${program}\`${version === undefined ? "" : ` ${version}`}`;
}

/** The state after the server has told its own. */
export function told(state: ServerState, { state: phase, message }: StatusParams): ServerState {
  const { message: _, ...rest } = state;
  return { ...rest, phase, ...(message === undefined ? {} : { message }) };
}
