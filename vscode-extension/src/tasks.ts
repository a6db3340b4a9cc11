// Tasks of type `ordain`: the command's checks and tests, whose findings become problems.

import path from "node:path";
import * as vscode from "vscode";
import type { Server } from "./server/server";

const TYPE = "ordain";

/** How many packages of the workspace get tasks of their own. */
const MOST_PACKAGES = 50;

interface Definition extends vscode.TaskDefinition {
  command: string;
  package?: string;
  arguments?: string[];
}

/** Offers `ordain: check` and `ordain: test` for every package, and makes tasks of `tasks.json` runnable. */
export function tasks(server: Server): vscode.Disposable {
  return vscode.tasks.registerTaskProvider(TYPE, {
    async provideTasks() {
      const folders = await packages();
      return folders.flatMap(({ folder, inside }) =>
        ["check", "test"].flatMap((command) => {
          const definition: Definition =
            inside === "" ? { type: TYPE, command } : { type: TYPE, command, package: inside };
          return made(server, definition, folder) ?? [];
        }),
      );
    },
    resolveTask(task) {
      const { scope } = task;
      const folder = typeof scope === "object" ? scope : vscode.workspace.workspaceFolders?.[0];
      return folder === undefined ? undefined : made(server, task.definition as Definition, folder);
    },
  });
}

/** The folders of packages, each with the workspace's folder that it is in. */
async function packages(): Promise<{ folder: vscode.WorkspaceFolder; inside: string }[]> {
  const manifests = await vscode.workspace.findFiles("**/ordain.toml", "**/{node_modules,target}/**", MOST_PACKAGES);
  const found = manifests.flatMap((manifest) => {
    const folder = vscode.workspace.getWorkspaceFolder(manifest);
    const inside = folder === undefined ? "" : path.relative(folder.uri.fsPath, path.dirname(manifest.fsPath));
    return folder === undefined ? [] : [{ folder, inside }];
  });
  return found.sort((a, b) => a.inside.localeCompare(b.inside));
}

/** A task; nothing where nothing may be executed or there is no command. */
function made(server: Server, definition: Definition, folder: vscode.WorkspaceFolder): vscode.Task | undefined {
  const located = vscode.workspace.isTrusted ? server.find() : undefined;
  if (located?.found !== true) {
    return undefined;
  }
  const { command, package: inside = "" } = definition;
  const place = path.join(folder.uri.fsPath, inside);
  const finds = command === "check" || command === "test";
  // An absolute package makes the paths in findings absolute, wherever the task is run.
  const about = command === "check" ? [place] : command === "test" ? ["--package", place] : [];
  const args = [command, ...(finds ? ["--format", "short"] : []), ...about, ...(definition.arguments ?? [])];
  const execution = new vscode.ProcessExecution(located.program, args, { cwd: place });
  const name = inside === "" ? command : `${command} ${inside}`;
  // What a check finds is shown already where the server runs.
  const matched = command === "test" || (finds && !server.isRunning);
  const task = new vscode.Task(definition, folder, name, TYPE, execution, matched ? ["$ordain"] : []);
  if (finds) {
    task.group = command === "test" ? vscode.TaskGroup.Test : vscode.TaskGroup.Build;
  }
  return task;
}
