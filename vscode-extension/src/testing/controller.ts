// The tests of Ordain in the editor's view of tests: found, run, and what they went through.

import * as vscode from "vscode";
import { Latest } from "../preview/latest";
import type {
  CoveragePoint,
  DeclaredTest,
  RunTestsArgument,
  RunTestsResult,
  TestFailure,
  TestOutcome,
} from "../protocol";
import type { Server } from "../server/server";
import { merged } from "./coverage";
import { byFile, idsOf } from "./tree";

/** How long after a change the tests of a file are looked for again, in milliseconds. */
const AFTER_EDIT = 400;

export class Tests implements vscode.Disposable {
  private readonly controller = vscode.tests.createTestController("ordain", "Ordain");
  private readonly subscriptions: vscode.Disposable[] = [this.controller];
  private readonly pending = new Map<string, Latest>();
  private readonly names = new WeakMap<vscode.TestItem, string>();
  private readonly points = new WeakMap<vscode.FileCoverage, CoveragePoint[]>();
  private readonly profile: vscode.TestRunProfile;

  constructor(private readonly server: Server) {
    const { Run, Coverage } = vscode.TestRunProfileKind;
    this.profile = this.controller.createRunProfile(
      "Run",
      Run,
      (request, token) => this.run(request, token, false),
      true,
    );
    const covering = this.controller.createRunProfile(
      "Run with Coverage",
      Coverage,
      (request, token) => this.run(request, token, true),
      true,
    );
    covering.loadDetailedCoverage = async (_, file) => (this.points.get(file) ?? []).map(statement);
    this.controller.refreshHandler = (token) => this.find(token);
    this.subscriptions.push(
      server.onDidChange(({ phase }) => {
        if (phase === "ready") {
          void this.find();
        }
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (document.languageId === "ordain" && contentChanges.length > 0) {
          this.look(document.uri);
        }
      }),
      vscode.workspace.onDidOpenTextDocument((document) => document.languageId === "ordain" && this.look(document.uri)),
      vscode.workspace.onDidDeleteFiles(() => void this.find()),
      vscode.workspace.onDidRenameFiles(() => void this.find()),
    );
  }

  /** Runs tests of one file by name; all of it where none is named. */
  async runNamed({ uri, tests }: RunTestsArgument): Promise<void> {
    const file = vscode.Uri.parse(uri, true);
    await this.update(file);
    const item = this.controller.items.get(file.toString());
    const wanted = item === undefined ? [] : tests.length === 0 ? [item] : this.children(item, tests);
    if (wanted.length === 0) {
      void vscode.window.showInformationMessage("There is no test here.");
      return;
    }
    const source = new vscode.CancellationTokenSource();
    await this.run(new vscode.TestRunRequest(wanted, undefined, this.profile), source.token, false);
    source.dispose();
  }

  dispose(): void {
    for (const each of this.pending.values()) {
      each.cancel();
    }
    for (const each of this.subscriptions) {
      each.dispose();
    }
  }

  private children(file: vscode.TestItem, names: readonly string[]): vscode.TestItem[] {
    return leaves(file).filter((item) => names.includes(this.names.get(item) ?? ""));
  }

  private look(uri: vscode.Uri): void {
    const key = uri.toString();
    const latest = this.pending.get(key) ?? new Latest();
    this.pending.set(key, latest);
    latest.schedule(AFTER_EDIT, async (signal) => {
      if (!signal.aborted) {
        await this.update(uri);
      }
    });
  }

  /** Looks for the tests of the whole workspace. */
  private async find(token?: vscode.CancellationToken): Promise<void> {
    const tests = await this.ask({}, token);
    if (tests === undefined) {
      return;
    }
    const files = byFile(tests);
    for (const [key] of this.controller.items) {
      if (!files.has(key) && !files.has(vscode.Uri.parse(key).toString())) {
        this.controller.items.delete(key);
      }
    }
    for (const [uri, own] of files) {
      this.place(vscode.Uri.parse(uri, true), own);
    }
  }

  private async update(uri: vscode.Uri): Promise<void> {
    const tests = await this.ask({ textDocument: { uri: uri.toString() } });
    if (tests !== undefined) {
      this.place(uri, tests);
    }
  }

  private async ask(params: object, token?: vscode.CancellationToken): Promise<DeclaredTest[] | undefined> {
    if (!this.server.isRunning) {
      return undefined;
    }
    try {
      return await this.server.request<DeclaredTest[]>("ordain/tests", params, token);
    } catch (error) {
      // The file is broken or just changes: the tests known before stay.
      this.server.output.debug(`ordain/tests: ${String(error)}`);
      return undefined;
    }
  }

  private place(uri: vscode.Uri, tests: readonly DeclaredTest[]): void {
    const key = uri.toString();
    if (tests.length === 0) {
      this.controller.items.delete(key);
      return;
    }
    const known = this.controller.items.get(key);
    const file = known ?? this.controller.createTestItem(key, vscode.workspace.asRelativePath(uri), uri);
    const ids = idsOf(tests);
    const items = tests.map((test, at) => {
      const id = `${key}#${ids[at]}`;
      const item = file.children.get(id) ?? this.controller.createTestItem(id, test.name, uri);
      item.range = range(test.selectionRange);
      item.sortText = String(test.range.start.line).padStart(8, "0");
      this.names.set(item, test.name);
      return item;
    });
    file.children.replace(items);
    this.controller.items.add(file);
  }

  private async run(request: vscode.TestRunRequest, token: vscode.CancellationToken, coverage: boolean): Promise<void> {
    const run = this.controller.createTestRun(request);
    const items = this.wanted(request);
    for (const item of items) {
      run.started(item);
    }
    try {
      const all = request.include === undefined && (request.exclude ?? []).length === 0;
      const tests = items.map((item) => ({
        uri: item.uri?.toString() ?? "",
        name: this.names.get(item) ?? item.label,
      }));
      const params = { ...(all ? {} : { tests }), coverage };
      const result = await this.server.request<RunTestsResult>("ordain/runTests", params, token);
      this.report(run, items, result);
    } catch (error) {
      const message = new vscode.TestMessage(
        `The tests did not run: ${error instanceof Error ? error.message : String(error)}`,
      );
      for (const item of items) {
        if (token.isCancellationRequested) {
          run.skipped(item);
        } else {
          run.errored(item, message);
        }
      }
    } finally {
      run.end();
    }
  }

  private wanted(request: vscode.TestRunRequest): vscode.TestItem[] {
    const roots = request.include ?? [...this.controller.items].map(([, item]) => item);
    const excluded = new Set((request.exclude ?? []).flatMap((item) => [item, ...leaves(item)]));
    return [...new Set(roots.flatMap(leaves))].filter((item) => !excluded.has(item));
  }

  private report(run: vscode.TestRun, items: readonly vscode.TestItem[], result: RunTestsResult): void {
    for (const problem of result.problems) {
      run.appendOutput(`${lines(problem)}\r\n`);
    }
    const outcomes = [...result.runs];
    for (const item of items) {
      const at = outcomes.findIndex((outcome) => this.isOf(item, outcome));
      const [outcome] = at < 0 ? [] : outcomes.splice(at, 1);
      if (outcome === undefined) {
        const why = result.problems[0] ?? "The server did not run it.";
        run.errored(item, new vscode.TestMessage(why));
      } else {
        this.tell(run, item, outcome);
      }
    }
    for (const { uri, points } of merged(result.coverage ?? [])) {
      const file = vscode.FileCoverage.fromDetails(vscode.Uri.parse(uri, true), points.map(statement));
      this.points.set(file, points);
      run.addCoverage(file);
    }
  }

  private isOf(item: vscode.TestItem, outcome: TestOutcome): boolean {
    return outcome.name === this.names.get(item) && vscode.Uri.parse(outcome.uri).toString() === item.uri?.toString();
  }

  private tell(run: vscode.TestRun, item: vscode.TestItem, outcome: TestOutcome): void {
    const { passed, failures, milliseconds, expectations } = outcome;
    const sign = passed ? "✓" : "✗";
    run.appendOutput(`${sign} ${outcome.name}  ${expectations} expectations, ${milliseconds} ms\r\n`, undefined, item);
    if (passed) {
      run.passed(item, milliseconds);
      return;
    }
    for (const { message, detail } of failures) {
      const text = detail === undefined ? message : `${message}\n${detail}`;
      run.appendOutput(`  ${lines(text)}\r\n`, undefined, item);
    }
    const messages = failures.map((failure) => messageOf(failure, item));
    run.failed(item, messages.length > 0 ? messages : [new vscode.TestMessage("It failed.")], milliseconds);
  }
}

function messageOf({ message, detail, location }: TestFailure, item: vscode.TestItem): vscode.TestMessage {
  const made = new vscode.TestMessage(detail === undefined ? message : `${message}\n\n${detail}`);
  const place =
    location === undefined
      ? item.uri !== undefined && item.range !== undefined && new vscode.Location(item.uri, item.range)
      : new vscode.Location(vscode.Uri.parse(location.uri, true), range(location.range));
  if (place) {
    made.location = place;
  }
  return made;
}

function statement({ range: of, hits }: CoveragePoint): vscode.StatementCoverage {
  return new vscode.StatementCoverage(hits, range(of));
}

function range({ start, end }: CoveragePoint["range"]): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

function leaves(item: vscode.TestItem): vscode.TestItem[] {
  return item.children.size === 0 ? [item] : [...item.children].flatMap(([, child]) => leaves(child));
}

/** Text for a terminal. */
function lines(text: string): string {
  return text.replaceAll(/\r?\n/g, "\r\n");
}
