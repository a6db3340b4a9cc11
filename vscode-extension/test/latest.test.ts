// Only the newest work counts.

import assert from "node:assert/strict";
import test, { mock } from "node:test";
import { Latest } from "../src/preview/latest";

test("newer work replaces what waits, and ends what runs", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const latest = new Latest();
  const log: string[] = [];
  const work = (name: string) => async (signal: AbortSignal) => {
    log.push(`${name} runs`);
    signal.addEventListener("abort", () => log.push(`${name} ends`));
    await new Promise(() => {});
  };
  latest.schedule(100, work("a"));
  mock.timers.tick(99);
  latest.schedule(100, work("b"));
  mock.timers.tick(100);
  latest.schedule(0, work("c"));
  mock.timers.tick(0);
  latest.cancel();
  mock.timers.tick(1000);
  mock.timers.reset();
  assert.deepEqual(log, ["b runs", "b ends", "c runs", "c ends"]);
});
