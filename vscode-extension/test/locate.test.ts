// Where the command is looked for.

import assert from "node:assert/strict";
import test from "node:test";
import { isBelow, locate, type Machine, type Question } from "../src/server/locate";

function machineWith(files: string[], more: Partial<Machine> = {}): Machine {
  return {
    platform: "linux",
    home: "/home/ana",
    searchPath: "/usr/local/bin:/usr/bin",
    isExecutable: (file) => files.includes(file),
    ...more,
  };
}

const question: Question = { setting: "", extension: "/extensions/ordain", folders: ["/shop"], trusted: true };
const BUNDLED = "/extensions/ordain/server/ordain";

test("the setting goes before the packed command, and that before PATH", () => {
  const all = machineWith(["/opt/ordain", BUNDLED, "/usr/bin/ordain"]);
  assert.deepEqual(locate({ ...question, setting: "/opt/ordain" }, all), {
    found: true,
    program: "/opt/ordain",
    origin: "setting",
  });
  assert.deepEqual(locate(question, all), { found: true, program: BUNDLED, origin: "bundled" });
  assert.deepEqual(locate(question, machineWith(["/usr/bin/ordain"])), {
    found: true,
    program: "/usr/bin/ordain",
    origin: "path",
  });
});

test("the first folder of PATH that has it wins", () => {
  const found = locate(question, machineWith(["/usr/bin/ordain", "/usr/local/bin/ordain"]));
  assert.equal(found.found && found.program, "/usr/local/bin/ordain");
});

test("a setting that leads nowhere is an error, and nothing else is taken", () => {
  const found = locate({ ...question, setting: "/opt/ordain" }, machineWith([BUNDLED, "/usr/bin/ordain"]));
  assert.ok(!found.found);
  assert.match(found.reason, /\/opt\/ordain/);
});

test("home and workspace folders can be named", () => {
  const machine = machineWith(["/home/ana/bin/ordain", "/shop/tools/ordain"]);
  const home = locate({ ...question, setting: "~/bin/ordain" }, machine);
  assert.equal(home.found && home.program, "/home/ana/bin/ordain");
  const folder = locate({ ...question, setting: "${workspaceFolder}/tools/ordain" }, machine);
  assert.equal(folder.found && folder.program, "/shop/tools/ordain");
  assert.ok(!locate({ ...question, folders: [], setting: "${workspaceFolder}/tools/ordain" }, machine).found);
});

test("a bare name is looked up, and a relative path is not taken", () => {
  const machine = machineWith(["/usr/bin/ordain-next", "bin/ordain"]);
  const named = locate({ ...question, setting: "ordain-next" }, machine);
  assert.equal(named.found && named.program, "/usr/bin/ordain-next");
  assert.ok(!locate({ ...question, setting: "bin/ordain" }, machine).found);
});

test("in a workspace that is not trusted nothing of it is taken", () => {
  const untrusted = { ...question, trusted: false };
  const machine = machineWith(["/shop/bin/ordain"], { searchPath: "/shop/bin" });
  assert.ok(!locate({ ...untrusted, setting: "/shop/bin/ordain" }, machine).found);
  assert.ok(!locate(untrusted, machine).found);
  assert.ok(locate(question, machine).found);
});

test("relative folders of PATH are not searched", () => {
  assert.ok(!locate(question, machineWith(["bin/ordain", "./ordain"], { searchPath: "bin:." })).found);
});

test("on Windows the command ends with .exe", () => {
  const asked: string[] = [];
  const machine = machineWith([], { platform: "win32", isExecutable: (file) => asked.push(file) < 0 });
  assert.ok(!locate(question, machine).found);
  assert.ok(asked[0]?.endsWith("ordain.exe"), String(asked));
});

test("below a folder is neither the folder nor a sibling", () => {
  assert.ok(isBelow("/shop/a/b", ["/shop"]));
  assert.ok(!isBelow("/shop", ["/shop"]));
  assert.ok(!isBelow("/shopping/a", ["/shop"]));
});
