// The state of the server, shown: an item in the status bar, and a message where the command is missing.

import * as vscode from "vscode";
import type { Server } from "./server";
import { look, type Phase } from "./state";

/** Shows an item in the status bar that is there while Ordain is of interest. */
export function statusItem(server: Server): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("ordain.status", vscode.StatusBarAlignment.Right, 100);
  item.name = "Ordain";
  item.command = "ordain.menu";
  const update = () => {
    const { text, tooltip, tone } = look(server.state);
    item.text = text;
    item.tooltip = new vscode.MarkdownString(tooltip);
    item.accessibilityInformation = { label: `Ordain: ${server.state.phase}`, role: "button" };
    item.backgroundColor = tone === "plain" ? undefined : new vscode.ThemeColor(`statusBarItem.${tone}Background`);
    item.show();
  };
  update();
  return vscode.Disposable.from(item, server.onDidChange(update));
}

/** Says what to do where there is no server, once for each reason. */
export function adviser(server: Server): vscode.Disposable {
  const said = new Set<string>();
  return server.onDidChange(({ phase, message }) => {
    const key = `${phase}\n${message}`;
    if ((phase !== "missing" && phase !== "outdated") || said.has(key)) {
      return;
    }
    said.add(key);
    void advise(phase, message ?? "", server);
  });
}

async function advise(phase: Phase, message: string, server: Server): Promise<void> {
  const what =
    phase === "missing"
      ? "Ordain needs its command for all but colours."
      : "Ordain needs a newer command for all but colours.";
  const settings = "Say Where It Is";
  const help = "How to Get It";
  const again = "Look Again";
  const text = `${what} ${message.replaceAll("`", "'")}`;
  const chosen = await vscode.window.showWarningMessage(text, help, settings, again);
  if (chosen === settings) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "ordain.server.path");
  } else if (chosen === help) {
    await vscode.commands.executeCommand("ordain.walkthrough");
  } else if (chosen === again) {
    await server.restart();
  }
}

/** What can be done with the server, as a menu. */
export async function menu(server: Server): Promise<void> {
  const running = server.isRunning;
  const entries = [
    { label: "$(refresh) Restart", command: "ordain.restart" },
    running
      ? { label: "$(debug-stop) Stop", command: "ordain.stop" }
      : { label: "$(play) Start", command: "ordain.start" },
    { label: "$(output) Show output", command: "ordain.showOutput" },
    { label: "$(settings-gear) Settings", command: "workbench.action.openSettings", argument: "@ext:ordain.ordain" },
    { label: "$(mortar-board) Get started", command: "ordain.walkthrough" },
  ];
  const placeHolder = look(server.state).tooltip.split("\n")[0] ?? "";
  const chosen = await vscode.window.showQuickPick(entries, { title: "Ordain", placeHolder });
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(chosen.command, ...("argument" in chosen ? [chosen.argument] : []));
  }
}
