/**
 * Notes in files, as an adapter for Ordain: `node notes.ts [DIRECTORY]`. Needs Node.js 22.18 or later, which leaves out
 * types by itself, and nothing else.
 *
 * The protocol is JSON-RPC 2.0 with one message a line, over standard input and output: docs/reference/adapters.md. What
 * else is to be told goes to standard error, or into `log` notifications.
 */

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const code = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  failed: -32000,
  noCommonProtocol: -32001,
  refused: -32002,
  cancelled: -32003,
  timedOut: -32004,
  notProvided: -32005,
} as const;

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type JsonObject = { [name: string]: Json };
type Id = string | number;

const directory = process.argv[2] ?? "notes";

const description: JsonObject = {
  name: "notes",
  version: "1.0.0",
  concurrency: 8,
  capabilities: {
    "note.write": {
      version: "1.0.0",
      observe: true,
      examples: [
        {
          inputs: { name: "example", text: "hello" },
          undo: { capability: "note.remove", inputs: { name: "example" } },
        },
      ],
    },
    "note.remove": { version: "1.0.0", observe: true },
    "note.wait": { version: "1.0.0", examples: [{ inputs: { time: 60_000 }, slow: true }] },
  },
};

/** Why a call fails: one of the codes above, and what people are told. It must hold no secrets. */
class Failure extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** A call that is under way. */
class Call {
  readonly id: Id;
  readonly signal: AbortSignal;
  private readonly aborter = new AbortController();

  constructor(id: Id, params: JsonObject) {
    this.id = id;
    this.signal = this.aborter.signal;
    if (typeof params.timeout_ms === "number") {
      const late = () => this.giveUp(new Failure(code.timedOut, "given up because the time was over"));
      setTimeout(late, params.timeout_ms).unref();
    }
  }

  giveUp(because: Failure): void {
    this.aborter.abort(because);
  }

  /** Waits, and gives up where that was asked for or the time is over. */
  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const give = () => reject(this.signal.reason);
      if (this.signal.aborted) return give();
      const timer = setTimeout(() => {
        this.signal.removeEventListener("abort", give);
        resolve();
      }, milliseconds);
      this.signal.addEventListener("abort", () => (clearTimeout(timer), give()), { once: true });
    });
  }

  progress(percent: number, message: string): void {
    say({ method: "progress", params: { call: this.id, percent, message } });
  }

  log(level: "debug" | "info" | "warning" | "error", message: string): void {
    say({ method: "log", params: { call: this.id, level, message } });
  }
}

// What the capabilities do.

/** The inputs, which have exactly these members, each of its type. */
function record<Kinds extends { [name: string]: "string" | "number" }>(inputs: JsonObject, kinds: Kinds) {
  const names = Object.keys(kinds).sort();
  if (Object.keys(inputs).sort().join() !== names.join()) {
    throw new Failure(code.invalidParams, `the inputs are not ${names.join(", ")}`);
  }
  for (const name of names) {
    if (typeof inputs[name] !== kinds[name]) {
      throw new Failure(code.invalidParams, `\`${name}\` is not of the type that the contract has`);
    }
  }
  return inputs as { [Name in keyof Kinds]: Kinds[Name] extends "string" ? string : number };
}

function pathOf(name: string): string {
  if (!/^[a-z0-9-]+$/.test(name)) {
    throw new Failure(code.invalidParams, `\`${name}\` is not the name of a note`);
  }
  return join(directory, `${name}.txt`);
}

const does: { [capability: string]: (call: Call, inputs: JsonObject) => Promise<JsonObject> } = {
  "note.write": async (_, inputs) => {
    const note = record(inputs, { name: "string", text: "string" });
    const path = pathOf(note.name);
    await mkdir(directory, { recursive: true });
    // Writing the same again changes nothing, so that a second call under the same key does no harm.
    await writeFile(path, note.text);
    return { path, bytes: Buffer.byteLength(note.text) };
  },
  "note.remove": async (_, inputs) => {
    // One that is gone already is fine, and says the same to the same key.
    await rm(pathOf(record(inputs, { name: "string" }).name), { force: true });
    return {};
  },
  "note.wait": async (call, inputs) => {
    const { time } = record(inputs, { time: "number" });
    for (let tenth = 0; tenth < 10; tenth++) {
      call.progress(tenth * 10, "waiting");
      await call.wait(time / 10);
    }
    call.log("info", "waited");
    return {};
  },
};

async function observe(capability: string, inputs: JsonObject): Promise<JsonObject> {
  if (capability === "note.wait") {
    throw new Failure(code.notProvided, "waiting leaves no trace");
  }
  const kinds = capability === "note.write" ? ({ name: "string", text: "string" } as const) : ({ name: "string" } as const);
  const { name } = record(inputs, kinds);
  const path = pathOf(name);
  const content = await readFile(path).catch((error) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (content === undefined) return { state: "absent" };
  if (capability === "note.remove") return { state: "present", inputs: { name } };
  const inputsFound = { name, text: content.toString() };
  return { state: "present", inputs: inputsFound, outputs: { path, bytes: content.length } };
}

// The protocol.

const calls = new Map<string, Call>();

function say(message: JsonObject): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

function fail(id: Id | null, number: number, message: string, more: JsonObject = {}): void {
  say({ id, error: { code: number, message, ...more } });
}

const isObject = (json: Json | undefined): json is JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json);

/** Makes a call and answers it. */
async function make(id: Id, method: string, params: JsonObject): Promise<void> {
  const name = JSON.stringify([id, params.key]);
  const call = new Call(id, params);
  calls.set(name, call);
  try {
    const { capability, inputs } = params;
    if (typeof capability !== "string" || !Object.hasOwn(does, capability)) {
      throw new Failure(code.notProvided, `\`${capability}\` is not provided`);
    }
    if (!isObject(inputs)) throw new Failure(code.invalidParams, "the inputs are no object");
    // An output that is secret would be named in `secrets`, as in ["/password"].
    const result =
      method === "observe"
        ? await observe(capability, inputs)
        : { outputs: await does[capability](call, inputs), secrets: [] };
    calls.delete(name);
    say({ id, result });
  } catch (error) {
    calls.delete(name);
    if (error instanceof Failure) return fail(id, error.code, error.message);
    // The system's errors have a code, such as ENOSPC, and another try may help.
    if (error instanceof Error && "code" in error) return fail(id, code.failed, error.message);
    console.error(error);
    fail(id, code.internalError, "the adapter broke down");
  }
}

/** Takes a message. */
function take(line: Uint8Array): void {
  let message: Json;
  try {
    message = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
  } catch {
    return fail(null, code.parseError, "that is no JSON");
  }
  if (!isObject(message)) return fail(null, code.invalidRequest, "that is no request");
  const { id, method, params = {} } = message;
  const named = typeof id === "string" || typeof id === "number";
  if (message.jsonrpc !== "2.0" || typeof method !== "string" || ("id" in message && !named)) {
    return fail(named ? id : null, code.invalidRequest, "that is no request");
  }
  if (!named) {
    // A notification is never answered, known or not.
    if (method === "cancel" && isObject(params)) {
      const because = new Failure(code.cancelled, "given up because that was asked for");
      calls.get(JSON.stringify([params.call, params.key]))?.giveUp(because);
    }
    return;
  }
  if (!isObject(params)) return fail(id, code.invalidParams, "the parameters are no object");
  switch (method) {
    case "initialize":
      if (!Array.isArray(params.protocols) || !params.protocols.includes(1)) {
        const data = { supported: [1] };
        return fail(id, code.noCommonProtocol, "only version 1 of the protocol is spoken", { data });
      }
      return say({ id, result: { protocol: 1 } });
    case "describe":
      return say({ id, result: description });
    case "apply":
    case "undo":
    case "observe":
      return void make(id, method, params);
    default:
      return fail(id, code.methodNotFound, "there is no such method");
  }
}

let rest: Buffer = Buffer.alloc(0);
process.stdin.on("data", (part: Buffer) => {
  rest = Buffer.concat([rest, part]);
  for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
    const line = rest.subarray(0, end);
    rest = rest.subarray(end + 1);
    if (line.toString("latin1").trim() !== "") take(line);
  }
});
// Nothing that is under way keeps the program from ending.
process.stdin.on("end", () => process.exit(0));
