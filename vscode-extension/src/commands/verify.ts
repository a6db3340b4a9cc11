// Verify: what policies say about a plan, in a message and in the output.

import * as vscode from "vscode";
import { keyOf } from "../preview/model";
import type { Preview } from "../preview/preview";
import type { PlanPreview } from "../protocol";
import type { Server } from "../server/server";
import { planPlace } from "./places";
import { report } from "./report";

export async function verify(server: Server, preview: Preview, argument: unknown): Promise<void> {
  const place = await planPlace(argument);
  if (place === undefined) {
    return;
  }
  const { uri, position } = place;
  const ask = (given: Record<string, string>) =>
    server.request<PlanPreview | null>("ordain/plan", { textDocument: { uri }, position, arguments: given });
  const first = await ask({});
  const entered = first === null ? {} : preview.entered.of(keyOf(first));
  const answer = Object.keys(entered).length === 0 ? first : await ask(entered);
  if (answer === null) {
    void vscode.window.showInformationMessage("There is no plan under the cursor.");
    return;
  }
  const { title, lines, tone } = report(answer);
  for (const line of [title, ...lines]) {
    server.output.info(line);
  }
  const show = "Open Preview";
  const details = "Show Output";
  const say = tone === "good" ? vscode.window.showInformationMessage : vscode.window.showWarningMessage;
  const chosen = await say(title, show, ...(lines.length > 0 ? [details] : []));
  if (chosen === show) {
    preview.show({ uri, position });
  } else if (chosen === details) {
    server.output.show();
  }
}
