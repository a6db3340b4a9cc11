// The life of the language server: found, started, watched, stopped.

import path from "node:path";
import * as vscode from "vscode";
import {
  type CancellationToken,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  State,
} from "vscode-languageclient/node";
import type { StatusParams } from "../protocol";
import { type Located, locate } from "./locate";
import { machine, mendMode, whyNoServer } from "./probe";
import { type ServerState, told } from "./state";
import { traceChannel } from "./trace";

export class Server implements vscode.Disposable {
  readonly output: vscode.LogOutputChannel;
  private readonly traces: vscode.LogOutputChannel;
  private readonly changes = new vscode.EventEmitter<ServerState>();
  private readonly subscriptions: vscode.Disposable[] = [];
  private client: LanguageClient | undefined;
  private current: ServerState = { phase: "stopped" };
  /** Starts and stops happen one after the other. */
  private queue: Promise<void> = Promise.resolve();

  /** Fires whenever the state changes. */
  readonly onDidChange = this.changes.event;

  constructor(private readonly context: vscode.ExtensionContext) {
    this.output = vscode.window.createOutputChannel("Ordain", { log: true });
    this.traces = traceChannel(this.subscriptions);
    this.subscriptions.push(this.output, this.changes);
  }

  get state(): ServerState {
    return this.current;
  }

  /** Whether requests can be sent. */
  get isRunning(): boolean {
    return this.client?.state === State.Running;
  }

  /** The command, found as for the server. */
  find(): Located {
    mendMode(path.join(this.context.extensionPath, "server", "ordain"));
    const folders = vscode.workspace.workspaceFolders ?? [];
    const question = {
      setting: vscode.workspace.getConfiguration("ordain").get("server.path", ""),
      extension: this.context.extensionPath,
      folders: folders.filter((folder) => folder.uri.scheme === "file").map((folder) => folder.uri.fsPath),
      trusted: vscode.workspace.isTrusted,
    };
    return locate(question, machine);
  }

  start(): Promise<void> {
    return this.next(() => this.launch());
  }

  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  restart(): Promise<void> {
    return this.next(async () => {
      await this.end();
      await this.launch();
    });
  }

  /** Sends a request, once a server that starts has started; rejects where none runs. */
  async request<Result>(method: string, params: object, token?: CancellationToken): Promise<Result> {
    await this.queue;
    if (this.client === undefined || !this.isRunning) {
      throw new Error("the language server does not run");
    }
    // An argument that is there but undefined would be sent as a second parameter.
    return token === undefined
      ? this.client.sendRequest<Result>(method, params)
      : this.client.sendRequest<Result>(method, params, token);
  }

  async dispose(): Promise<void> {
    await this.stop();
    for (const each of this.subscriptions) {
      each.dispose();
    }
  }

  private next(work: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(work, work).catch((error: unknown) => {
      this.output.error(String(error));
    });
    return this.queue;
  }

  private become(state: ServerState): void {
    this.current = state;
    this.output.info(`${state.phase}${state.message === undefined ? "" : `: ${state.message}`}`);
    void vscode.commands.executeCommand("setContext", "ordain.running", this.isRunning);
    this.changes.fire(state);
  }

  private async launch(): Promise<void> {
    if (this.client !== undefined) {
      return;
    }
    this.become({ phase: "starting" });
    const located = this.find();
    if (!located.found) {
      this.become({ phase: "missing", message: located.reason });
      return;
    }
    const { program } = located;
    const complaint = await whyNoServer(program);
    if (complaint !== undefined) {
      const message = `\`${program}\` knows no \`lsp\`: ${complaint}`;
      this.become({ phase: "outdated", message });
      return;
    }
    this.become({ phase: "starting", program });
    await this.connect(program);
  }

  private async connect(program: string): Promise<void> {
    const environment = vscode.workspace
      .getConfiguration("ordain")
      .get<Record<string, string>>("server.environment", {});
    const run = {
      command: program,
      args: ["lsp"],
      options: { env: { ...process.env, ...environment } },
    };
    const client = new LanguageClient("ordain", "Ordain", run, this.options());
    this.client = client;
    client.onDidChangeState(({ newState }) => this.follow(client, newState, program));
    client.onNotification("ordain/status", (status: StatusParams) => this.become(told(this.current, status)));
    try {
      await client.start();
    } catch (error) {
      this.client = undefined;
      this.become({ phase: "failed", message: String(error), program });
    }
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: [
        { scheme: "file", language: "ordain" },
        { scheme: "untitled", language: "ordain" },
      ],
      outputChannel: this.output,
      traceOutputChannel: this.traces,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: { clientCommands: true },
      synchronize: { configurationSection: "ordain" },
      markdown: { isTrusted: false, supportHtml: false },
      initializationFailedHandler: () => false,
    };
  }

  private follow(client: LanguageClient, state: State, program: string): void {
    if (client !== this.client) {
      return;
    }
    if (state === State.Running) {
      const version = client.initializeResult?.serverInfo?.version;
      // A server that tells its own state may have done so by now.
      const phase = this.current.phase === "starting" ? "ready" : this.current.phase;
      this.become({ ...this.current, phase, program, ...(version === undefined ? {} : { version }) });
    } else if (state === State.Stopped && this.current.phase !== "failed") {
      this.become({ phase: "failed", message: "The server ended. The output tells why.", program });
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client !== undefined) {
      await client.dispose().catch((error: unknown) => this.output.warn(String(error)));
    }
    this.become({ phase: "stopped" });
  }
}
