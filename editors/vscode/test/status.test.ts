import assert from "node:assert/strict";
import { test } from "node:test";
import type { Budget, Status, Task } from "../src/protocol";
import { statusText } from "../src/status";

const IDLE: Status = {
  version: "1",
  working: false,
  waiting: 0,
  hidden: 0,
  paused: false,
  snoozed_until: null,
  budget: null,
  roots: ["file:///r"],
  tasks: [],
};

function task(over: Partial<Task>): Task {
  return { id: "1", kind: "fix", title: "Fix it", worker: "scribe", uri: null, state: "running", said: "", changesets: [], ...over };
}

test("the status bar says what is to be done, whatever else is under way", () => {
  const of = (over: Partial<Status>): string => statusText("ready", { ...IDLE, ...over }).text;
  assert.equal(of({}), "$(check) Countersign");
  assert.equal(of({ waiting: 2 }), "$(checklist) 2 to review");
  assert.equal(of({ waiting: 2, paused: true }), "$(debug-pause) 2 to review, paused");
  assert.equal(of({ waiting: 2, working: true }), "$(loading~spin) 2 to review, working");
  assert.equal(of({ waiting: 2, working: true, paused: true }), "$(debug-pause) 2 to review, paused, working");
  assert.equal(of({ paused: true }), "$(debug-pause) Countersign: paused");
  assert.equal(of({ working: true }), "$(loading~spin) Countersign: working");
});

test("a task that waits for time is a state of its own, and the tooltip always tells what is left", () => {
  const budget: Budget = {
    root: null,
    whole_s: 60,
    spent_s: 60,
    reserved_s: 0,
    exhausted: true,
    waiting: 1,
    easier_at: 0,
    told: "1 min of 1 min within 24 hours",
  };
  const spent = statusText("ready", { ...IDLE, waiting: 2, working: true, budget });
  assert.deepEqual([spent.text, spent.bad], ["$(watch) 2 to review, budget spent", true]);
  assert.match(spent.tooltip, /1 task wait.* more time\nthe time of workers: 1 min of 1 min within 24 hours/);
  const idle = statusText("ready", { ...IDLE, budget: { ...budget, waiting: 0 } });
  assert.deepEqual([idle.text, idle.bad], ["$(check) Countersign", false]);
  assert.match(idle.tooltip, /the time of workers: 1 min of 1 min/);
});

test("before there is a list it says what it waits for, and every trouble in words", () => {
  const of = (...args: Parameters<typeof statusText>): [string, boolean] => {
    const { text, bad } = statusText(...args);
    return [text, bad];
  };
  assert.deepEqual(of("nofolder", undefined), ["$(checklist) Countersign", false]);
  assert.deepEqual(of("starting", undefined), ["$(loading~spin) Countersign: starting", false]);
  assert.deepEqual(of("ready", undefined), ["$(loading~spin) Countersign: looking", false]);
  assert.deepEqual(of("ready", { ...IDLE, roots: [] }, false), ["$(checklist) Countersign: no repository", false]);
  assert.deepEqual(of("missing", undefined), ["$(error) Countersign: no program", true]);
  assert.deepEqual(of("stopped", undefined), ["$(error) Countersign: not running", true]);
});

test("its tooltip has what there is no room for: what is hidden, until when, and who is at work", () => {
  const tasks = [task({}), task({ state: "queued", title: "Test it" }), task({ state: "failed", title: "Break it" })];
  const snoozed_until = new Date(2026, 10, 20, 14, 30).getTime();
  const { tooltip, spoken } = statusText("ready", { ...IDLE, waiting: 3, hidden: 2, snoozed_until, working: true, tasks });
  const lines = tooltip.split("\n");
  assert.match(lines[2] ?? "", /^none is shown in the text until .*30/);
  assert.deepEqual(
    lines.filter((_, nth) => nth !== 2),
    ["3 hunks to review", "2 of them not shown in the text", "at work: Fix it (scribe)", "queued: Test it (scribe)"],
  );
  assert.ok(spoken.startsWith("Countersign: 3 hunks to review; 2 of them"), spoken);
});
