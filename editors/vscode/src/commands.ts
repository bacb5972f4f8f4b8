// What a person can ask for. Each decision is one command of the server.

import * as vscode from "vscode";
import { askForWork, snooze } from "./ask";
import type { Documents } from "./documents";
import type { Editors } from "./editors";
import { decidable, hunksOf } from "./listing";
import type { Decision, Target } from "./listing";
import { menu } from "./menu";
import { propose } from "./propose";
import type { Session } from "./session";
import { nothing, toDecide } from "./targets";
import type { Targets, Wanted } from "./targets";
import { count, waits } from "./words";

const WALKTHROUGH = "countersign.countersign#start";

export class Commands {
  constructor(
    private readonly session: Session,
    private readonly targets: Targets,
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
      acceptAll: (of) => this.decide("accept", of, true),
      rejectAll: (of) => this.decide("reject", of, true),
      stateAnew: (of) => this.ofChange("countersign.repropose", "state anew", of),
      proveChange: (of) => this.ofChange("countersign.prove", "prove", of),
      preview: (of) => this.preview(of),
      proof: (of) => this.proof(of),
      goTo: (of) => this.goTo(of, false),
      showHunk: (of) => this.goTo(of, true),
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
      walkthrough: () => vscode.commands.executeCommand("workbench.action.openWalkthrough", WALKTHROUGH, false),
      menu: () => menu(this.session),
    };
    const registered = Object.entries(all).map(([name, run]) =>
      vscode.commands.registerCommand(`countersign.${name}`, run),
    );
    return vscode.Disposable.from(...registered);
  }

  private async decide(decision: Decision, argument: unknown, whole = false): Promise<void> {
    const target = await this.targets.find(argument, toDecide(decision, whole ? `${decision} as a whole` : decision, whole));
    if (target !== undefined) {
      await this.decideOn(decision, target);
    }
  }

  private async decideOn(decision: Decision, target: Target, reason?: string): Promise<void> {
    const hunks = decidable(target, decision);
    if (hunks.length === 0) {
      return this.explain(decision, target);
    }
    await this.session.command(`countersign.${decision}`, {
      changeset: target.changeset.id,
      uri: target.changeset.root,
      hunks,
      ...(reason === undefined ? {} : { reason }),
    });
  }

  /** Why nothing can be decided so. */
  private async explain(decision: Decision, target: Target): Promise<void> {
    const { denied } = target.changeset;
    if (decision !== "accept" || denied === null) {
      return nothing(decision);
    }
    const why = "Show Why";
    const chosen = await vscode.window.showWarningMessage(`Countersign: policy denies it: ${denied}`, why);
    if (chosen === why) {
      await this.documents.proof(target.changeset);
    }
  }

  private async rejectWithReason(argument: unknown): Promise<void> {
    const target = await this.targets.find(argument, toDecide("reject", "reject"));
    if (target === undefined) {
      return;
    }
    const hunks = decidable(target, "reject");
    if (hunks.length === 0) {
      return nothing("reject");
    }
    const reason = await vscode.window.showInputBox({
      title: `Reject ${count(hunks.length, "hunk")} of ${target.changeset.title}`,
      prompt: "Why? It is kept with the rejection; leave it empty for none.",
    });
    if (reason !== undefined) {
      await this.decideOn("reject", target, reason.trim() === "" ? undefined : reason.trim());
    }
  }

  private async ofChange(command: string, verb: string, argument: unknown): Promise<void> {
    const fits = (target: Target): boolean => hunksOf(target).some(waits);
    const target = await this.targets.find(argument, { verb, fits, explains: () => false, whole: true, elsewhere: true });
    if (target !== undefined) {
      await this.session.command(command, { changeset: target.changeset.id, uri: target.changeset.root });
    }
  }

  private async preview(argument: unknown): Promise<void> {
    const target = await this.targets.find(argument, read("preview", false));
    if (target !== undefined) {
      await this.documents.preview(target);
    }
  }

  private async proof(argument: unknown): Promise<void> {
    const target = await this.targets.find(argument, read("explain", true));
    if (target !== undefined) {
      await this.documents.proof(target.changeset);
    }
  }

  private async goTo(argument: unknown, preserveFocus: boolean): Promise<void> {
    const target = await this.targets.find(argument, read("go to", false));
    if (target !== undefined && target.kind !== "change") {
      await this.editors.goTo(target, preserveFocus);
    }
  }

  private async ofFiles(command: string): Promise<void> {
    const active = vscode.window.activeTextEditor?.document.uri;
    const file = active?.scheme === "file" ? active : this.session.folder()?.uri;
    await this.session.command(command, file === undefined ? {} : { uri: file.toString() });
  }
}

/** What is only looked at may be anything that waits, and at the cursor also what is decided. */
function read(verb: string, whole: boolean): Wanted {
  return { verb, fits: (target) => hunksOf(target).some(waits), explains: () => true, whole, elsewhere: true };
}
