// A real VS Code for tests: a server of its own, a browser with its page, and what tests do in it.

import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = path.dirname(fileURLToPath(import.meta.url));
const PATIENCE = 20_000;

/** Where pictures of the workbench go. */
export const SCREENSHOTS = process.env.ORDAIN_E2E_SCREENSHOTS ?? path.join(here, "../out/screenshots");

/**
 * Starts a workbench on a copy of `e2e/workspace`, with the packed extension installed.
 * Settings are those of the user. `prepare` changes the copy before it is opened.
 */
export async function open({
  settings = {},
  trusted = true,
  prepare = () => {},
  vsix = process.env.ORDAIN_E2E_VSIX,
} = {}) {
  const scratch = mkdtempSync(path.join(os.tmpdir(), "ordain-e2e-"));
  const folder = path.join(scratch, "workspace");
  cpSync(path.join(here, "workspace"), folder, { recursive: true });
  prepare({
    folder,
    write: (file, text, mode = 0o644) => {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), text, { mode });
    },
    remove: (file) => rmSync(path.join(folder, file)),
  });
  spawnSync("git", ["init", "--quiet", folder]);
  spawnSync("git", ["-C", folder, "add", "."]);
  const author = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com"];
  spawnSync("git", ["-C", folder, ...author, "commit", "--quiet", "--message", "Begin"]);
  const server = await serve(scratch, folder, { settings, trusted, vsix });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(PATIENCE);
    return await new Workbench(page, browser, server, scratch, folder).begin();
  } catch (error) {
    await browser.close();
    await server.stop();
    throw error;
  }
}

class Workbench {
  /** Hosts beyond this machine that something asked for. */
  foreign = new Set();

  constructor(page, browser, server, scratch, folder) {
    Object.assign(this, { page, browser, server, scratch, folder });
    page.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      // Webviews have origins of their own, which the workbench's service worker answers for.
      const own =
        hostname === "127.0.0.1" || hostname === "localhost" || hostname.endsWith(".vscode-resource.vscode-cdn.net");
      if (/^(https?|wss?):$/.test(protocol) && !own) {
        this.foreign.add(hostname);
      }
    });
  }

  async begin() {
    await this.page.goto(`http://127.0.0.1:${this.server.port}/?folder=${encodeURIComponent(this.folder)}`);
    await this.page.waitForSelector(".monaco-workbench .explorer-folders-view");
    return this;
  }

  /** Opens the input that a key brings up; pressed again where a page that has just got the focus kept the key. */
  async ask(key) {
    const input = this.page.locator(".quick-input-widget input:focus");
    await this.until(async () => {
      await this.page.keyboard.press(key);
      await input.waitFor({ timeout: 2_000 });
      return true;
    }, `what ${key} brings up`);
  }

  /** Chooses from the list that a key brings up; from the start where something else took the focus, and so closed the list. */
  async choose(key, typed, text) {
    const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: text }).first();
    await this.until(async () => {
      try {
        await this.ask(key);
        await this.page.keyboard.type(typed);
        await row.click({ timeout: 5_000 });
        return true;
      } catch {
        await this.page.keyboard.press("Escape");
        return false;
      }
    }, `${text}, of what ${key} brings up`);
  }

  /** Opens a file of the workspace by its name, as people do. */
  async file(name) {
    const last = path.basename(name);
    await this.choose("Control+p", name, last);
    await this.page.waitForSelector(`.tab.active[data-resource-name="${last}"]`);
    await this.page.waitForSelector(".editor-instance .view-line");
  }

  /** Runs a command by its title. */
  async command(title) {
    await this.choose("Control+Shift+p", title, title);
  }

  /** Puts the cursor where a text of an open file stands first as it is saved, `into` characters further. */
  async goTo(file, text, into = 0) {
    const lines = this.read(file).split(text)[0].split("\n");
    const [line, column] = [lines.length, lines.at(-1).length + 1 + into];
    await this.page.locator(`.tab[data-resource-name="${path.basename(file)}"]`).click();
    await this.ask("Control+g");
    await this.page.keyboard.type(`${line}:${column}`);
    await this.page.keyboard.press("Enter");
    const place = `Ln ${line}, Col ${column}`;
    await this.until(async () => (await this.position()) === place, `the cursor at ${place}`);
  }

  /** Waits until the server says that it is ready. */
  async ready() {
    await this.status().locator(".codicon-check").waitFor();
  }

  /** Chooses an entry of a list that asks. */
  async pick(text) {
    const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: text }).first();
    await row.waitFor();
    await row.click();
  }

  /** Whether there is a command of this title. */
  async isOffered(title) {
    await this.ask("Control+Shift+p");
    await this.page.keyboard.type(title);
    const rows = this.page.locator(".quick-input-list .monaco-list-row");
    await rows.first().waitFor();
    const offered = (await rows.filter({ hasText: title }).count()) > 0;
    await this.page.keyboard.press("Escape");
    return offered;
  }

  /** Asks for the colour of a piece of text in the editor; `undefined` until it is there on its own. */
  colour(text) {
    const find = (wanted) => {
      const spans = [...document.querySelectorAll(".editor-instance .view-line span span")];
      const found = spans.find((span) => span.textContent.replaceAll("\u00a0", " ").trim() === wanted);
      return found === undefined ? undefined : getComputedStyle(found).color;
    };
    return () => this.page.evaluate(find, text);
  }

  /** The lines that the editor shows; their order is that of the page, not that of the file. */
  async text() {
    const lines = await this.page.locator(".editor-instance .view-line").allTextContents();
    return lines.join("\n").replaceAll("\u00a0", " ");
  }

  /** Brings the file in the editor back to what is saved. */
  async revert() {
    await this.command("File: Revert File");
    await this.page.locator(".tab.active.dirty").waitFor({ state: "detached" });
  }

  lineOf(file, text) {
    return this.read(file).split(text)[0].split("\n").length;
  }

  position() {
    return this.page.locator("#status\\.editor\\.selection").textContent();
  }

  status() {
    return this.page.locator("[id='ordain.ordain.ordain.status']");
  }

  read(file) {
    return readFileSync(path.join(this.folder, file), "utf8");
  }

  write(file, text) {
    writeFileSync(path.join(this.folder, file), text);
  }

  toasts() {
    return this.page.locator(".notification-toast .notification-list-item-message").allTextContents();
  }

  /** The page of the plan preview. */
  preview() {
    return this.page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
  }

  async until(holds, what) {
    for (const start = Date.now(); Date.now() - start < PATIENCE; await sleep(50)) {
      if (await attempt(holds)) {
        return;
      }
    }
    await this.picture("failed");
    throw new Error(`waited too long for ${what}`);
  }

  async picture(name) {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });
  }

  async close() {
    await this.browser.close();
    await this.server.stop();
    rmSync(this.scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function attempt(holds) {
  try {
    return await holds();
  } catch {
    return false;
  }
}

/** Starts the server of a workbench. */
async function serve(scratch, folder, { settings, trusted, vsix }) {
  const root = process.env.ORDAIN_E2E_CODE_SERVER;
  const program = path.join(root, "node_modules/.bin/code-server");
  const data = path.join(scratch, "data");
  const own = ["--extensions-dir", path.join(scratch, "extensions"), "--user-data-dir", data];
  const env = {
    ...process.env,
    XDG_CONFIG_HOME: path.join(scratch, "xdg/config"),
    XDG_DATA_HOME: path.join(scratch, "xdg/data"),
    XDG_CACHE_HOME: path.join(scratch, "xdg/cache"),
    EXTENSIONS_GALLERY: "{}",
  };
  mkdirSync(path.join(data, "User"), { recursive: true });
  mkdirSync(path.join(data, "Machine"), { recursive: true });
  const user = {
    "extensions.autoCheckUpdates": false,
    "extensions.autoUpdate": false,
    "workbench.enableExperiments": false,
    "telemetry.telemetryLevel": "off",
    "workbench.startupEditor": "none",
    "workbench.colorTheme": "Default Dark Modern",
    "security.workspace.trust.startupPrompt": "never",
    "git.openRepositoryInParentFolders": "never",
    "files.autoSave": "off",
    ...settings,
  };
  writeFileSync(path.join(data, "User/settings.json"), JSON.stringify(user));
  // What belongs to a machine is read from the settings of the machine that the server runs on.
  writeFileSync(path.join(data, "Machine/settings.json"), JSON.stringify(settings));
  const installed = spawnSync(program, [...own, "--install-extension", vsix, "--force"], {
    env,
  });
  if (installed.status !== 0) {
    throw new Error(`the extension was not installed: ${installed.stdout}${installed.stderr}`);
  }
  const port = await freePort();
  const quiet = [
    "--auth",
    "none",
    "--disable-telemetry",
    "--disable-update-check",
    "--disable-getting-started-override",
  ];
  const trust = trusted ? ["--disable-workspace-trust"] : [];
  const args = [...own, ...quiet, ...trust, "--bind-addr", `127.0.0.1:${port}`, folder];
  const child = spawn(program, args, { env, detached: true, stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    signal(child.pid, "SIGTERM");
    await Promise.race([ended, sleep(5_000, undefined, { ref: false })]);
    signal(child.pid, "SIGKILL");
  };
  for (const start = Date.now(); Date.now() - start < PATIENCE; await sleep(100)) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (answer?.status === 200) {
      return { port, stop };
    }
  }
  await stop();
  throw new Error("the server of the workbench does not answer");
}

/** Signals a process and all that it has started. */
function signal(group, name) {
  try {
    process.kill(-group, name);
  } catch {
    // They have ended.
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
