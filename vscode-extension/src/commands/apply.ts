// Apply: always in a terminal, where the command shows the plan and asks.

import path from "node:path";
import * as vscode from "vscode";
import { keyOf } from "../preview/model";
import type { Preview } from "../preview/preview";
import type { ApplyArgument, PlanPreview } from "../protocol";
import type { Server } from "../server/server";
import { planPlace } from "./places";

export async function apply(server: Server, preview: Preview, argument: unknown): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    void vscode.window.showWarningMessage("Plans are applied in trusted workspaces only.");
    return;
  }
  const located = server.find();
  if (!located.found) {
    void vscode.window.showErrorMessage(located.reason.replaceAll("`", "'"));
    return;
  }
  const wanted = isApply(argument) ? argument : await planAtCursor(server, argument);
  if (wanted === undefined || !(await saved())) {
    return;
  }
  const given = Object.entries(preview.entered.of(keyOf(wanted))).flatMap(([name, value]) => [
    "--arg",
    `${name}=${value}`,
  ]);
  const execution = new vscode.ProcessExecution(located.program, ["apply", wanted.plan, ...given], {
    cwd: wanted.package,
  });
  const task = new vscode.Task(
    { type: "ordain", command: "apply" },
    vscode.TaskScope.Workspace,
    `apply ${wanted.plan}`,
    "ordain",
    execution,
    [],
  );
  const { Always } = vscode.TaskRevealKind;
  task.presentationOptions = { reveal: Always, focus: true, echo: true, panel: vscode.TaskPanelKind.Dedicated };
  await vscode.tasks.executeTask(task);
}

function isApply(argument: unknown): argument is ApplyArgument {
  return typeof argument === "object" && argument !== null && "package" in argument && "plan" in argument;
}

async function planAtCursor(server: Server, argument: unknown): Promise<ApplyArgument | undefined> {
  const place = await planPlace(argument);
  if (place === undefined) {
    return undefined;
  }
  const { uri, position } = place;
  const answer = await server.request<PlanPreview | null>("ordain/plan", { textDocument: { uri }, position });
  if (answer === null) {
    void vscode.window.showInformationMessage("There is no plan under the cursor.");
    return undefined;
  }
  return { uri: answer.uri, plan: answer.plan, package: await packageOf(vscode.Uri.parse(answer.uri, true)) };
}

/** The folder with the manifest that a file belongs to; the file's own where there is none. */
async function packageOf(file: vscode.Uri): Promise<string> {
  const own = path.dirname(file.fsPath);
  for (let folder = own; ; folder = path.dirname(folder)) {
    try {
      await vscode.workspace.fs.stat(vscode.Uri.file(path.join(folder, "ordain.toml")));
      return folder;
    } catch {
      if (folder === path.dirname(folder)) {
        return own;
      }
    }
  }
}

/** The command reads the disk, so what is applied must stand there. */
async function saved(): Promise<boolean> {
  const dirty = vscode.workspace.textDocuments.filter(({ isDirty, languageId }) => isDirty && languageId === "ordain");
  if (dirty.length === 0) {
    return true;
  }
  const save = "Save and Go On";
  const message = "What is applied is what is saved. There are changes that are not.";
  if ((await vscode.window.showWarningMessage(message, { modal: true }, save)) !== save) {
    return false;
  }
  return (await Promise.all(dirty.map((document) => document.save()))).every((done) => done);
}
