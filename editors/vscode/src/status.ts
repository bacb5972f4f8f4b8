// The item in the status bar, in words. Pure.

import type { Status, Task } from "./protocol";
import { count } from "./words";

export type State = "nofolder" | "missing" | "starting" | "ready" | "stopped";

export interface StatusText {
  readonly text: string;
  /** One line for each thing there is to know. */
  readonly tooltip: string;
  /** What a screen reader says. */
  readonly spoken: string;
  readonly bad: boolean;
}

/** What the server last said of itself; `repository`: whether there is one at all. */
export function statusText(state: State, status: Status | undefined, repository = true): StatusText {
  switch (state) {
    case "nofolder":
      return said("checklist", "Countersign", ["no folder is open"]);
    case "missing":
      return said("error", "Countersign: no program", ["the program was not found"], true);
    case "starting":
      return said("loading~spin", "Countersign: starting", ["the server is starting"]);
    case "stopped":
      return said("error", "Countersign: not running", ["the server is not running"], true);
    case "ready":
      break;
  }
  if (status === undefined) {
    return said("loading~spin", "Countersign: looking", ["looking at the workspace"]);
  }
  if (!repository) {
    return said("checklist", "Countersign: no repository", ["no folder here is in a git repository"]);
  }
  const { waiting, paused, working } = status;
  // A task that waits for time waits for somebody.
  const spent = waitsForTime(status);
  const parts = [
    waiting === 0 ? "" : `${waiting} to review`,
    paused ? "paused" : "",
    spent ? "budget spent" : "",
    working && !spent ? "working" : "",
  ];
  const short = parts.filter((part) => part !== "").join(", ");
  const text = waiting > 0 || short === "" ? short : `Countersign: ${short}`;
  const icon = paused ? "debug-pause" : spent ? "watch" : working ? "loading~spin" : waiting > 0 ? "checklist" : "check";
  return said(icon, text === "" ? "Countersign" : text, details(status), spent);
}

/** Whether tasks wait because the time for workers is spent. */
export function waitsForTime({ budget }: Status): boolean {
  return budget !== null && budget.exhausted && budget.waiting > 0;
}

function said(icon: string, text: string, lines: readonly string[], bad = false): StatusText {
  return { text: `$(${icon}) ${text}`, tooltip: lines.join("\n"), spoken: `Countersign: ${lines.join("; ")}`, bad };
}

function details(status: Status): string[] {
  const { waiting, hidden, paused, working, snoozed_until, budget } = status;
  const tasks = status.tasks.filter(isUnderWay);
  return [
    waiting === 0 ? "nothing to review" : `${count(waiting, "hunk")} to review`,
    ...(hidden === 0 ? [] : [`${hidden} of them not shown in the text`]),
    ...(snoozed_until === null ? [] : [`none is shown in the text until ${time(snoozed_until)}`]),
    ...(paused ? ["paused: nothing begins in the background"] : []),
    ...(waitsForTime(status) ? [`${count(budget?.waiting ?? 0, "task")} wait until workers may take more time`] : []),
    ...(budget === null ? [] : [`the time of workers: ${budget.told}`]),
    ...(working && tasks.length === 0 ? ["working"] : []),
    ...tasks.map((task) => `${task.state === "running" ? "at work" : "queued"}: ${task.title} (${task.worker})`),
  ];
}

/** Whether a task can be cancelled. */
export function isUnderWay({ state }: Task): boolean {
  return state === "queued" || state === "running";
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toLocaleString(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit" });
}
