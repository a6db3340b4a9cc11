// The picture of the documentation. Copy out/screenshots/vscode.png to docs/images/vscode.png where it should be a new one.

import process from "node:process";
import test, { after, before } from "node:test";
import { open } from "./workbench.mjs";

let workbench;

before(async () => {
  workbench = await open({
    settings: {
      "ordain.server.path": process.env.ORDAIN_E2E_SERVER,
      "breadcrumbs.enabled": false,
      "editor.fontSize": 13,
      "editor.links": false,
      "editor.minimap.enabled": false,
      "editor.stickyScroll.enabled": false,
      "window.commandCenter": false,
      "workbench.layoutControl.enabled": false,
    },
    prepare: ({ remove }) => remove("shop/broken.ord"),
  });
});

after(() => workbench?.close());

test("a plan and its picture, with the approval that a policy asks for", async () => {
  await workbench.page.setViewportSize({ width: 1600, height: 800 });
  await workbench.file("main.ord");
  await workbench.ready();
  await workbench.page.keyboard.press("Control+b");
  await workbench.goTo("shop/main.ord", "let tables", 6);
  await workbench.page.keyboard.press("Control+k");
  await workbench.page.keyboard.press("v");
  await workbench.preview().locator("#picture a.on").waitFor();
  await workbench.page.locator(".testing-run-glyph").first().waitFor();
  await workbench.page.mouse.move(300, 700);
  await workbench.page.locator(".monaco-hover:visible").waitFor({ state: "detached" });
  await workbench.picture("vscode");
});
