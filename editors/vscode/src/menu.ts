// What a click on the item in the status bar leads to: the view, unless there is something to choose.

import * as vscode from "vscode";
import type { Budget, Task } from "./protocol";
import type { Session } from "./session";
import { isUnderWay, waitsForTime } from "./status";

interface Entry extends vscode.QuickPickItem {
  readonly run: () => unknown;
}

export async function menu(session: Session): Promise<void> {
  const { state, status } = session;
  if (state !== "ready") {
    return choose("Countersign", [
      by("$(debug-restart) Restart the Server", "countersign.restart"),
      by("$(output) Show the Log", "countersign.showLog"),
      by("$(settings-gear) Say Where the Program Is", "countersign.setPath"),
    ]);
  }
  const tasks = (status?.tasks ?? []).filter(isUnderWay);
  if (status === undefined || (!status.paused && status.snoozed_until === null && tasks.length === 0)) {
    await vscode.commands.executeCommand("countersign.changes.focus");
    return;
  }
  const { paused, snoozed_until, budget } = status;
  const more: Entry[] = waitsForTime(status)
    ? [{ label: "$(watch) Let Workers Take 30 More Minutes", run: () => session.command("countersign.allow", allowed(budget)) }]
    : [];
  const pause = paused ? "$(debug-continue) Have Work in the Background Go On" : "$(debug-pause) Pause Work in the Background";
  const snoozed: Entry[] =
    snoozed_until === null
      ? []
      : [{ label: "$(bell) Show Proposals in the Text Again", run: () => session.command("countersign.snooze", { minutes: 0 }) }];
  await choose("Countersign", [
    ...more,
    by("$(checklist) Show Proposed Changes", "countersign.changes.focus"),
    by(pause, "countersign.pauseWork"),
    ...snoozed,
    ...tasks.map((task) => cancels(session, task)),
  ]);
}

/** Cancels work that was asked for: what there is of it, or what is chosen of several. */
export async function cancel(session: Session): Promise<void> {
  const tasks = (session.status?.tasks ?? []).filter(isUnderWay);
  const [only] = tasks;
  if (only === undefined || tasks.length === 1) {
    await session.command("countersign.cancel", only === undefined ? {} : { task: only.id });
    return;
  }
  const all: Entry = { label: "$(close-all) Cancel All", run: () => session.command("countersign.cancel", {}) };
  await choose("Cancel which work?", [...tasks.map((task) => cancels(session, task)), all]);
}

function allowed(budget: Budget | null): object {
  const root = budget?.root ?? null;
  return root === null ? { minutes: 30 } : { minutes: 30, uri: root };
}

function cancels(session: Session, { id, title, worker, state }: Task): Entry {
  const run = (): unknown => session.command("countersign.cancel", { task: id });
  return { label: `$(close) Cancel ${title}`, description: `${worker}, ${state}`, run };
}

function by(label: string, command: string): Entry {
  return { label, run: () => vscode.commands.executeCommand(command) };
}

async function choose(title: string, entries: readonly Entry[]): Promise<void> {
  const chosen = await vscode.window.showQuickPick(entries, { title });
  await chosen?.run();
}
