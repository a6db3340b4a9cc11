// The output channel of messages. The client library traces by the log level of a channel, which people cannot set in
// settings; this channel takes its level from `ordain.trace.server`.

import * as vscode from "vscode";

/** A channel that shows traces as `ordain.trace.server` says. */
export function traceChannel(subscriptions: vscode.Disposable[]): vscode.LogOutputChannel {
  const channel = vscode.window.createOutputChannel("Ordain (trace)", { log: true });
  const levels = new vscode.EventEmitter<vscode.LogLevel>();
  const level = () =>
    vscode.workspace.getConfiguration("ordain").get("trace.server") === "off"
      ? vscode.LogLevel.Info
      : vscode.LogLevel.Trace;
  const configured = vscode.workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration("ordain.trace.server")) {
      levels.fire(level());
    }
  });
  subscriptions.push(channel, levels, configured);
  return new Proxy(channel, {
    get(target, key) {
      switch (key) {
        case "logLevel":
          return level();
        case "onDidChangeLogLevel":
          return levels.event;
        case "trace":
          return target.info.bind(target);
        default: {
          const member: unknown = Reflect.get(target, key);
          return typeof member === "function" ? member.bind(target) : member;
        }
      }
    },
  });
}
