// The extension: what is started with it, and which command does what.

import * as vscode from "vscode";
import { apply } from "./commands/apply";
import { explain, explanations } from "./commands/explain";
import { planPlace } from "./commands/places";
import { showReferences } from "./commands/references";
import { verify } from "./commands/verify";
import { Preview } from "./preview/preview";
import type { ReferencesArgument, RunTestsArgument } from "./protocol";
import { Server } from "./server/server";
import { adviser, menu, statusItem } from "./server/status";
import { tasks } from "./tasks";
import { Tests } from "./testing/controller";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const started = new Server(context);
  server = started;
  const preview = new Preview(started, context);
  const tests = new Tests(started);
  context.subscriptions.push(
    preview,
    tests,
    statusItem(started),
    adviser(started),
    explanations(started),
    tasks(started),
    ...commands(started, preview, tests),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void started.restart()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("ordain.server")) {
        void started.restart();
      }
    }),
  );
  void started.start();
}

export async function deactivate(): Promise<void> {
  await server?.dispose();
}

function commands(started: Server, preview: Preview, tests: Tests): vscode.Disposable[] {
  const table: Record<string, (argument: unknown) => unknown> = {
    "ordain.plan": async (argument) => {
      const place = await planPlace(argument);
      if (place !== undefined) {
        preview.show(place);
      }
    },
    "ordain.verify": (argument) => verify(started, preview, argument),
    "ordain.apply": (argument) => apply(started, preview, argument),
    "ordain.runTests": (argument) => runTests(tests, argument),
    "ordain.showReferences": (argument) => showReferences(argument as ReferencesArgument),
    "ordain.explain": (argument) => explain(started, argument),
    "ordain.restart": () => started.restart(),
    "ordain.start": () => started.start(),
    "ordain.stop": () => started.stop(),
    "ordain.showOutput": () => started.output.show(),
    "ordain.menu": () => menu(started),
    "ordain.walkthrough": () =>
      vscode.commands.executeCommand("workbench.action.openWalkthrough", "ordain.ordain#start", false),
  };
  return Object.entries(table).map(([name, run]) => vscode.commands.registerCommand(name, guarded(run)));
}

/** A command whose failure is told in one sentence. */
function guarded(run: (argument: unknown) => unknown): (argument: unknown) => Promise<void> {
  return async (argument) => {
    try {
      await run(argument);
    } catch (error) {
      void vscode.window.showErrorMessage(`Ordain: ${error instanceof Error ? error.message : String(error)}.`);
    }
  };
}

async function runTests(tests: Tests, argument: unknown): Promise<void> {
  if (typeof argument === "object" && argument !== null && "tests" in argument && "uri" in argument) {
    await tests.runNamed(argument as RunTestsArgument);
    return;
  }
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId === "ordain") {
    await tests.runNamed({ uri: document.uri.toString(), tests: [] });
  }
}
