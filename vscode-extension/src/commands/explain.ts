// Explain: the page about a diagnostic code, as a document.

import * as vscode from "vscode";
import type { Explanation } from "../protocol";
import type { Server } from "../server/server";

const SCHEME = "ordain-explain";

/** Serves the pages about codes as documents. */
export function explanations(server: Server): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    async provideTextDocumentContent(uri) {
      const code = uri.path.replace(/\.md$/, "");
      const page = await server.request<Explanation | null>("ordain/explain", { code });
      return page?.markdown ?? `# ${code}\n\nThere is no such code.\n`;
    },
  });
}

export async function explain(server: Server, argument: unknown): Promise<void> {
  const code = typeof argument === "string" ? argument : await chosenCode();
  if (code === undefined || code === "") {
    return;
  }
  const page = await server.request<Explanation | null>("ordain/explain", { code });
  if (page === null) {
    void vscode.window.showInformationMessage(`${code} is no code of Ordain.`);
    return;
  }
  const uri = vscode.Uri.from({ scheme: SCHEME, path: `${page.code}.md` });
  await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
}

/** Asks for a code, and offers those of the findings in the editor. */
async function chosenCode(): Promise<string | undefined> {
  const editor = vscode.window.activeTextEditor;
  const findings = editor === undefined ? [] : vscode.languages.getDiagnostics(editor.document.uri);
  const here = findings.filter(
    ({ range }) => editor !== undefined && range.intersection(editor.selection) !== undefined,
  );
  const ordered = [...here, ...findings.filter((finding) => !here.includes(finding))];
  const offers = new Map(ordered.map((finding) => [codeOf(finding), finding.message]));
  const pick = vscode.window.createQuickPick();
  pick.title = "Explain a Diagnostic Code";
  pick.placeholder = "A code, such as ORD0301";
  const known = [...offers].filter(([code]) => code !== "").map(([label, description]) => ({ label, description }));
  pick.items = known;
  pick.onDidChangeValue((value) => {
    const entered = value.trim().toUpperCase();
    const own = entered === "" || offers.has(entered) ? [] : [{ label: entered, description: "" }];
    pick.items = [...known, ...own];
  });
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      // Whoever types fast is ahead of the list.
      resolve(pick.selectedItems[0]?.label ?? pick.value.trim().toUpperCase());
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

function codeOf({ code }: vscode.Diagnostic): string {
  return String(typeof code === "object" ? code.value : (code ?? ""));
}
