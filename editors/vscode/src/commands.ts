// What a person can ask for. Each decision is one command of the server.

import * as vscode from "vscode";
import { askForWork, snooze } from "./ask";
import type { Documents } from "./documents";
import type { Editors } from "./editors";
import { again, decidable, hunksOf } from "./listing";
import type { ChangeNode, Decision, FileNode, HunkNode, Node } from "./listing";
import { propose } from "./propose";
import type { Session } from "./session";
import { count } from "./words";

type Target = ChangeNode | FileNode | HunkNode;

export class Commands {
  constructor(
    private readonly session: Session,
    private readonly view: vscode.TreeView<Node>,
    private readonly editors: Editors,
    private readonly documents: Documents,
  ) {}

  register(): vscode.Disposable {
    const all: Record<string, (argument?: unknown) => unknown> = {
      acceptHunk: (of) => this.decide("accept", of),
      rejectHunk: (of) => this.decide("reject", of),
      rejectWithReason: (of) => this.rejectWithReason(of),
      takeOut: (of) => this.decide("undo", of),
      restoreRejected: (of) => this.decide("restore", of),
      acceptAll: (of) => this.decide("accept", this.whole(of)),
      rejectAll: (of) => this.decide("reject", this.whole(of)),
      stateAnew: (of) => this.ofChange("countersign.repropose", "state anew", of),
      proveChange: (of) => this.ofChange("countersign.prove", "prove", of),
      preview: (of) => this.preview(of),
      proof: (of) => this.proof(of),
      goTo: (of) => this.goTo(of),
      nextHunk: () => this.editors.goToNeighbour(true),
      previousHunk: () => this.editors.goToNeighbour(false),
      propose: () => propose(this.session),
      askForWork: () => askForWork(this.session),
      snoozeProposals: () => snooze(this.session),
      pauseWork: () => this.session.command("countersign.pause", { paused: this.session.status?.paused !== true }),
      takeSnapshot: () => this.ofFiles("countersign.snapshot"),
      adoptChanges: () => this.ofFiles("countersign.adopt"),
      refresh: () => this.session.refresh(),
      restart: () => this.session.restart(),
      showLog: () => this.session.log.show(),
      setPath: () => vscode.commands.executeCommand("workbench.action.openSettings", "countersign.path"),
      menu: () => this.menu(),
    };
    const registered = Object.entries(all).map(([name, run]) =>
      vscode.commands.registerCommand(`countersign.${name}`, run),
    );
    return vscode.Disposable.from(...registered);
  }

  /** What a command is about: what it was given, what is selected in the view, or the hunk at the cursor. */
  private target(argument: unknown): Target | undefined {
    const given = argument as { kind?: string; from?: string; changeset?: unknown; hunks?: readonly number[] } | undefined;
    if (given?.from === "view") {
      return asTarget(this.view.selection[0]);
    }
    if (given?.kind !== undefined) {
      return asTarget(again(argument as Node, this.session.changesets));
    }
    if (typeof given?.changeset === "string") {
      return this.named(given.changeset, given.hunks);
    }
    return this.editors.current();
  }

  private named(id: string, hunks: readonly number[] | undefined): Target | undefined {
    const changeset = this.session.changesets.find((one) => one.id === id);
    if (changeset === undefined) {
      return undefined;
    }
    for (const file of changeset.files) {
      for (const hunk of file.hunks) {
        if (hunks?.length === 1 && hunk.hunk === hunks[0]) {
          return { kind: "hunk", changeset, file, hunk };
        }
      }
    }
    return { kind: "change", changeset };
  }

  /** The change that a target is part of. */
  private whole(argument: unknown): ChangeNode | undefined {
    const target = this.target(argument);
    return target === undefined ? undefined : { kind: "change", changeset: target.changeset };
  }

  private nothing(what: string): void {
    vscode.window.setStatusBarMessage(`Countersign: nothing to ${what} here`, 5000);
  }

  private async decide(decision: Decision, argument: unknown, reason?: string): Promise<void> {
    const target = this.target(argument);
    const hunks = target === undefined ? [] : decidable(target, decision);
    if (target === undefined || hunks.length === 0) {
      return this.explain(decision, target);
    }
    const changeset = target.changeset.id;
    await this.session.command(`countersign.${decision}`, {
      changeset,
      hunks,
      ...(reason === undefined ? {} : { reason }),
    });
  }

  /** Why nothing can be decided so. */
  private async explain(decision: Decision, target: Target | undefined): Promise<void> {
    const denied = target?.changeset.denied;
    if (decision !== "accept" || target === undefined || denied == null) {
      return this.nothing(decision);
    }
    const why = "Show Why";
    const chosen = await vscode.window.showWarningMessage(`Countersign: policy denies it: ${denied}`, why);
    if (chosen === why) {
      await this.documents.proof(target.changeset);
    }
  }

  private async rejectWithReason(argument: unknown): Promise<void> {
    const target = this.target(argument);
    const hunks = target === undefined ? [] : decidable(target, "reject");
    if (target === undefined || hunks.length === 0) {
      return this.nothing("reject");
    }
    const reason = await vscode.window.showInputBox({
      title: `Reject ${count(hunks.length, "hunk")} of ${target.changeset.title}`,
      prompt: "Why? It is kept with the rejection; leave it empty for none.",
    });
    if (reason !== undefined) {
      await this.decide("reject", target, reason.trim() === "" ? undefined : reason.trim());
    }
  }

  private async ofChange(command: string, what: string, argument: unknown): Promise<void> {
    const target = this.target(argument);
    if (target === undefined) {
      return this.nothing(what);
    }
    await this.session.command(command, { changeset: target.changeset.id });
  }

  private async preview(argument: unknown): Promise<void> {
    const target = this.target(argument);
    const first = target?.kind === "change" ? firstFile(target) : target;
    if (first === undefined) {
      return this.nothing("preview");
    }
    await this.documents.preview(first);
  }

  private async proof(argument: unknown): Promise<void> {
    const target = this.target(argument);
    if (target === undefined) {
      return this.nothing("explain");
    }
    await this.documents.proof(target.changeset);
  }

  private async goTo(argument: unknown): Promise<void> {
    const target = this.target(argument);
    if (target === undefined || target.kind === "change") {
      return this.nothing("go to");
    }
    const hunk = hunksOf(target)[0];
    const whole = hunk?.whole === true;
    if (target.file.uri === null || (whole && target.file.change !== "modified")) {
      return this.documents.preview(target);
    }
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(target.file.uri));
    const line = Math.min(hunk?.range?.start.line ?? hunk?.line ?? 0, document.lineCount - 1);
    const at = new vscode.Range(line, 0, line, 0);
    await vscode.window.showTextDocument(document, { selection: at, preview: true });
  }

  private async ofFiles(command: string): Promise<void> {
    const active = vscode.window.activeTextEditor?.document.uri;
    const file = active?.scheme === "file" ? active : this.session.folder()?.uri;
    await this.session.command(command, file === undefined ? {} : { uri: file.toString() });
  }

  private async menu(): Promise<void> {
    if (this.session.state === "ready") {
      await vscode.commands.executeCommand("countersign.changes.focus");
      return;
    }
    const items = [
      { label: "$(debug-restart) Restart the Server", command: "countersign.restart" },
      { label: "$(output) Show the Log", command: "countersign.showLog" },
      { label: "$(settings-gear) Say Where the Program Is", command: "countersign.setPath" },
    ];
    const chosen = await vscode.window.showQuickPick(items, { title: "Countersign" });
    if (chosen !== undefined) {
      await vscode.commands.executeCommand(chosen.command);
    }
  }
}

function asTarget(node: Node | undefined): Target | undefined {
  return node === undefined || node.kind === "group" ? undefined : node;
}

function firstFile({ changeset }: ChangeNode): FileNode | undefined {
  const file = changeset.files[0];
  return file === undefined ? undefined : { kind: "file", changeset, file };
}
