// Show references: the places that a lens counts.

import * as vscode from "vscode";
import type { ReferencesArgument } from "../protocol";

export async function showReferences({ uri, position, locations }: ReferencesArgument): Promise<void> {
  const places = locations.map(
    ({ uri: file, range: { start, end } }) =>
      new vscode.Location(
        vscode.Uri.parse(file, true),
        new vscode.Range(start.line, start.character, end.line, end.character),
      ),
  );
  const at = new vscode.Position(position.line, position.character);
  await vscode.commands.executeCommand("editor.action.showReferences", vscode.Uri.parse(uri, true), at, places);
}
