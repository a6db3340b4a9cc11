// What a command is about: what a lens hands over, or what the editor shows.

import * as vscode from "vscode";
import type { PlanArgument } from "../protocol";

/** The argument of a command about a plan; from the editor where there is none. */
export async function planPlace(
  argument: unknown,
): Promise<(Omit<PlanArgument, "plan"> & { plan?: string }) | undefined> {
  if (isPlace(argument)) {
    return argument;
  }
  const editor =
    argument instanceof vscode.Uri ? await vscode.window.showTextDocument(argument) : vscode.window.activeTextEditor;
  if (editor?.document.languageId !== "ordain") {
    void vscode.window.showInformationMessage("Open a file of Ordain, and put the cursor into a plan.");
    return undefined;
  }
  const { line, character } = editor.selection.active;
  return { uri: editor.document.uri.toString(), position: { line, character } };
}

function isPlace(argument: unknown): argument is PlanArgument {
  return typeof argument === "object" && argument !== null && "uri" in argument && "position" in argument;
}
