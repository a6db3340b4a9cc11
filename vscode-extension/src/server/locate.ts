// Where the `ordain` command is: the setting, or the one packed with the extension, or the one on PATH.

import path from "node:path";

/** What is asked of the machine. */
export interface Machine {
  platform: NodeJS.Platform;
  home: string;
  /** The variable `PATH`. */
  searchPath: string;
  /** Whether there is a file of this name that can be executed. */
  isExecutable(file: string): boolean;
}

export interface Question {
  /** The setting `ordain.server.path`; empty where it is not set. */
  setting: string;
  /** The folder of the extension. */
  extension: string;
  /** The folders of the workspace. */
  folders: readonly string[];
  /** Whether the workspace is trusted. */
  trusted: boolean;
}

export type Origin = "setting" | "bundled" | "path";

export type Located = { found: true; program: string; origin: Origin } | { found: false; reason: string };

/** What stands for the first folder of the workspace. */
const FOLDER = /\$\{workspaceFolder\}/;

/** Finds the command. In a workspace that is not trusted, nothing below its folders is taken. */
export function locate(question: Question, machine: Machine): Located {
  const setting = question.setting.trim();
  if (setting !== "") {
    return fromSetting(setting, question, machine);
  }
  const name = executable("ordain", machine);
  const bundled = path.join(question.extension, "server", name);
  if (machine.isExecutable(bundled)) {
    return { found: true, program: bundled, origin: "bundled" };
  }
  const onPath = fromPath(name, question, machine);
  return onPath === undefined
    ? { found: false, reason: "The `ordain` command is neither packed with the extension nor on PATH." }
    : { found: true, program: onPath, origin: "path" };
}

function fromSetting(setting: string, question: Question, machine: Machine): Located {
  const [first] = question.folders;
  if (FOLDER.test(setting) && first === undefined) {
    return { found: false, reason: "`ordain.server.path` names the folder of the workspace, and no folder is open." };
  }
  const named = setting.replace(FOLDER, () => first ?? "").replace(/^~(?=$|[/\\])/, () => machine.home);
  // A bare name is looked up as a shell would do it.
  const program = /[/\\]/.test(named) ? named : fromPath(executable(named, machine), question, machine);
  if (program === undefined || !path.isAbsolute(program)) {
    const why = program === undefined ? "is not on PATH" : "is no absolute path";
    return { found: false, reason: `\`ordain.server.path\` is \`${setting}\`, which ${why}.` };
  }
  if (!question.trusted && isBelow(program, question.folders)) {
    return { found: false, reason: `\`${program}\` is in this workspace, which is not trusted.` };
  }
  return machine.isExecutable(program)
    ? { found: true, program, origin: "setting" }
    : { found: false, reason: `\`ordain.server.path\` is \`${setting}\`, where no program is.` };
}

function fromPath(name: string, question: Question, machine: Machine): string | undefined {
  return (
    machine.searchPath
      .split(machine.platform === "win32" ? ";" : ":")
      // Relative folders would be those of whatever the editor was started in.
      .filter((folder) => path.isAbsolute(folder))
      .map((folder) => path.join(folder, name))
      .find((file) => (question.trusted || !isBelow(file, question.folders)) && machine.isExecutable(file))
  );
}

function executable(name: string, machine: Machine): string {
  return machine.platform === "win32" && !/\.exe$/i.test(name) ? `${name}.exe` : name;
}

/** Whether a file is in one of the folders. */
export function isBelow(file: string, folders: readonly string[]): boolean {
  return folders.some((folder) => {
    const inside = path.relative(folder, file);
    return inside !== "" && !inside.startsWith("..") && !path.isAbsolute(inside);
  });
}
