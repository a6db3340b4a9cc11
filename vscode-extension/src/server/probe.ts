// What this machine is, and whether a command there can be a language server.

import { execFile } from "node:child_process";
import { accessSync, chmodSync, constants, statSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import type { Machine } from "./locate";

/** This machine. */
export const machine: Machine = {
  platform: process.platform,
  home: os.homedir(),
  get searchPath() {
    return process.env.PATH ?? "";
  },
  isExecutable(file) {
    try {
      if (!statSync(file).isFile()) {
        return false;
      }
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  },
};

/** Makes the packed command executable: archives made on some systems lose that. */
export function mendMode(file: string): void {
  try {
    const { mode } = statSync(file);
    if ((mode & 0o111) !== 0o111) {
      chmodSync(file, mode | 0o755);
    }
  } catch {
    // Not packed, or in a folder that belongs to someone else; whoever looks for the command will say so.
  }
}

/** `undefined` where the command is a language server, or else why it is none. */
export function whyNoServer(program: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, ["lsp", "--help"], { timeout: 20_000, windowsHide: true }, (error, _, complaint) => {
      const first = complaint.split("\n").find((line) => line.trim() !== "");
      resolve(error === null ? undefined : (first ?? error.message).trim());
    });
  });
}
