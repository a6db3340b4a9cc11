// The preview of plans: asks the server for the plan under the cursor whenever that may have changed, and shows it.

import * as vscode from "vscode";
import { compare, contains, shifted } from "../places";
import type { PlanArgument, PlanPreview } from "../protocol";
import type { Server } from "../server/server";
import { PlanArguments } from "./arguments";
import { Latest } from "./latest";
import { type Cursor, keyOf, PreviewModel } from "./model";
import { page } from "./page";
import { type Compare, type FromPage, fromPage, type ToPage } from "./view";

export const VIEW_TYPE = "ordain.plan";

/** How long after the cursor has moved the server is asked, in milliseconds. */
const AFTER_MOVE = 60;
/** How long after the server gave up it is asked again, in milliseconds. */
const AGAIN = 250;

export class Preview implements vscode.Disposable {
  readonly entered: PlanArguments;
  private readonly model = new PreviewModel();
  private readonly latest = new Latest();
  private readonly subscriptions: vscode.Disposable[] = [];
  private panel: vscode.WebviewPanel | undefined;
  /** Where the plan is that is shown. It moves along with edits. */
  private anchor: Cursor | undefined;
  /** Where the preview has put the cursor itself: that is no wish to see another plan. */
  private jumped: Cursor | undefined;

  constructor(
    private readonly server: Server,
    private readonly context: vscode.ExtensionContext,
  ) {
    this.entered = new PlanArguments(context.workspaceState);
    this.subscriptions.push(
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => this.moved(textEditor)),
      vscode.window.onDidChangeActiveTextEditor((editor) => editor !== undefined && this.moved(editor)),
      vscode.workspace.onDidChangeTextDocument((change) => this.edited(change)),
      vscode.workspace.onDidSaveTextDocument(() => this.refresh(0)),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration("ordain.preview")) {
          this.refresh(0);
        }
      }),
      server.onDidChange(({ phase }) => {
        if (phase === "ready") {
          this.refresh(0);
        }
      }),
      vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
        deserializeWebviewPanel: async (panel, state: unknown) => {
          this.adopt(panel);
          this.anchor = cursorFrom(state);
          this.refresh(0);
        },
      }),
    );
  }

  /** Opens the preview of the plan at a place, beside the editor. */
  show({ uri, position }: Pick<PlanArgument, "uri" | "position">): void {
    this.anchor = { uri, position };
    this.jumped = undefined;
    if (this.panel === undefined) {
      const options = {
        enableScripts: true,
        localResourceRoots: [vscode.Uri.joinPath(this.context.extensionUri, "dist")],
      };
      const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
      this.model.compare = vscode.workspace.getConfiguration("ordain.preview").get<Compare>("against", "nothing");
      this.adopt(vscode.window.createWebviewPanel(VIEW_TYPE, "Plan", column, options));
    } else {
      this.panel.reveal(undefined, true);
    }
    this.latest.schedule(0, (signal) => this.draw(signal, [{ uri, position }], true));
  }

  dispose(): void {
    this.latest.cancel();
    this.panel?.dispose();
    for (const each of this.subscriptions) {
      each.dispose();
    }
  }

  private adopt(panel: vscode.WebviewPanel): void {
    this.panel = panel;
    panel.iconPath = {
      light: vscode.Uri.joinPath(this.context.extensionUri, "media", "file-light.svg"),
      dark: vscode.Uri.joinPath(this.context.extensionUri, "media", "file-dark.svg"),
    };
    panel.webview.onDidReceiveMessage((message: unknown) => {
      const known = fromPage(message);
      if (known !== undefined) {
        void this.receive(known);
      }
    });
    panel.onDidChangeViewState(() => panel.visible && this.refresh(0));
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.latest.cancel();
    });
    panel.webview.html = page(panel.webview, this.context.extensionUri);
  }

  private moved(editor: vscode.TextEditor): void {
    const cursor = cursorOf(editor);
    if (this.panel === undefined || editor.document.languageId !== "ordain") {
      return;
    }
    this.model.moveTo(cursor);
    this.post({ type: "select", at: this.model.selected() });
    const shown = this.model.shown;
    const inside = shown !== undefined && shown.uri === cursor.uri && contains(shown.range, cursor.position);
    if (!inside) {
      this.refresh(AFTER_MOVE);
    }
  }

  private edited({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (this.panel === undefined || contentChanges.length === 0) {
      return;
    }
    if (this.anchor !== undefined && document.uri.toString() === this.anchor.uri) {
      this.anchor = { uri: this.anchor.uri, position: shifted(this.anchor.position, contentChanges) };
    }
    if (document.languageId === "ordain") {
      this.refresh(vscode.workspace.getConfiguration("ordain.preview").get("delay", 120));
    }
  }

  /** Asks again, first about the cursor's place, then about the plan that is shown. */
  private refresh(delay: number): void {
    if (this.panel?.visible !== true) {
      return;
    }
    this.latest.schedule(delay, (signal) => this.draw(signal, this.places(), false));
  }

  private places(): Cursor[] {
    const editor = vscode.window.activeTextEditor;
    const follow = vscode.workspace.getConfiguration("ordain.preview").get("follow", true);
    const cursor = editor?.document.languageId === "ordain" && follow ? cursorOf(editor) : undefined;
    const jump = cursor !== undefined && this.jumped !== undefined && isSame(cursor, this.jumped);
    const candidates = jump ? [this.anchor] : [cursor, this.anchor];
    return candidates.filter((each) => each !== undefined);
  }

  private async draw(signal: AbortSignal, places: Cursor[], asked: boolean): Promise<void> {
    this.post({ type: "busy", busy: true });
    try {
      for (const place of places) {
        const preview = await this.ask(place, signal);
        if (signal.aborted) {
          return;
        }
        if (preview !== null && (asked || !this.model.isPartOfShown(preview))) {
          this.anchor = { uri: preview.uri, position: preview.selectionRange.start };
          this.model.answer(preview);
          break;
        }
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (isCancelled(error)) {
        this.refresh(AGAIN);
        return;
      }
      this.model.fail(`There is no answer: ${error instanceof Error ? error.message : String(error)}.`);
    }
    this.post({ type: "busy", busy: false });
    this.redraw();
  }

  /** Asks for the plan at a place, with what was entered for that plan. */
  private async ask(place: Cursor, signal: AbortSignal): Promise<PlanPreview | null> {
    const shown = this.model.shown;
    const same = shown !== undefined && shown.uri === place.uri && contains(shown.range, place.position);
    const guess = same ? this.given(shown) : {};
    const preview = await this.send(place, guess, signal);
    if (preview === null || signal.aborted) {
      return preview;
    }
    const meant = this.given(preview);
    return isEqual(guess, meant) ? preview : this.send(place, meant, signal);
  }

  /** What was entered for the parameters that a plan has by now: one that was renamed is none of them. */
  private given(plan: PlanPreview): Record<string, string> {
    const names = new Set(plan.parameters.map((parameter) => parameter.name));
    return Object.fromEntries(Object.entries(this.entered.of(keyOf(plan))).filter(([name]) => names.has(name)));
  }

  private async send({ uri, position }: Cursor, given: Record<string, string>, signal: AbortSignal) {
    const source = new vscode.CancellationTokenSource();
    const cancel = () => source.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const against = this.model.compare;
      const params = {
        textDocument: { uri },
        position,
        arguments: given,
        ...(against === "nothing" ? {} : { against }),
      };
      return await this.server.request<PlanPreview | null>("ordain/plan", params, source.token);
    } finally {
      signal.removeEventListener("abort", cancel);
      source.dispose();
    }
  }

  private redraw(): void {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document.languageId === "ordain") {
      this.model.moveTo(cursorOf(editor));
    }
    const shown = this.model.shown;
    this.model.given = shown === undefined ? {} : this.given(shown);
    if (this.panel !== undefined) {
      this.panel.title = shown === undefined ? "Plan" : `Plan ${shown.name}`;
    }
    const anchor = this.anchor === undefined ? {} : { anchor: this.anchor };
    this.post({ type: "draw", view: this.model.view(), ...anchor });
  }

  private post(message: ToPage): void {
    void this.panel?.webview.postMessage(message);
  }

  private async receive(message: FromPage): Promise<void> {
    switch (message.type) {
      case "ready":
        this.redraw();
        return;
      case "refresh":
        this.refresh(0);
        return;
      case "open":
        await this.open(message.what, "at" in message ? message.at : 0);
        return;
      case "explain":
        await vscode.commands.executeCommand("ordain.explain", message.code);
        return;
      case "argument":
        await this.enter(message.name, message.value);
        return;
      case "compare":
        this.model.compare = message.compare;
        this.refresh(0);
        return;
    }
  }

  private async enter(name: string, value: string): Promise<void> {
    const shown = this.model.shown;
    if (shown === undefined) {
      return;
    }
    await this.entered.set(keyOf(shown), name, value);
    const anchor = this.anchor;
    if (anchor !== undefined) {
      this.latest.schedule(0, (signal) => this.draw(signal, [anchor], true));
    }
  }

  private async open(what: "plan" | "box" | "verdict" | "problem", at: number): Promise<void> {
    const location = this.model.locate(what, at);
    if (location === undefined) {
      return;
    }
    const { start, end } = location.range;
    // The cursor goes to the start.
    const selection = new vscode.Selection(end.line, end.character, start.line, start.character);
    this.jumped = { uri: location.uri, position: start };
    const uri = vscode.Uri.parse(location.uri, true);
    const open = vscode.window.visibleTextEditors.find((editor) => editor.document.uri.toString() === uri.toString());
    const source = this.anchor?.uri;
    const beside = vscode.window.visibleTextEditors.find((editor) => editor.document.uri.toString() === source);
    const viewColumn = open?.viewColumn ?? beside?.viewColumn ?? vscode.ViewColumn.One;
    await vscode.window.showTextDocument(uri, { selection, viewColumn });
  }
}

function cursorOf(editor: vscode.TextEditor): Cursor {
  const { line, character } = editor.selection.active;
  return { uri: editor.document.uri.toString(), position: { line, character } };
}

function cursorFrom(state: unknown): Cursor | undefined {
  const { uri, position } = (state ?? {}) as Partial<Cursor>;
  const { line, character } = position ?? {};
  return typeof uri === "string" && typeof line === "number" && typeof character === "number"
    ? { uri, position: { line, character } }
    : undefined;
}

function isSame(a: Cursor, b: Cursor): boolean {
  return a.uri === b.uri && compare(a.position, b.position) === 0;
}

function isEqual(a: Record<string, string>, b: Record<string, string>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** Whether the server gave up because of newer edits. */
function isCancelled(error: unknown): boolean {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return error instanceof vscode.CancellationError || code === -32800 || code === -32801 || code === -32802;
}
