// What a command is about: what it was given, what somebody looks at, what is at the cursor or selected in the view; else
// they are asked.

import * as vscode from "vscode";
import type { Documents } from "./documents";
import type { Editors } from "./editors";
import { again, decidable, hunksOf, key, named } from "./listing";
import type { Decision, HunkNode, Node, Target } from "./listing";
import type { Session } from "./session";
import { count, hunkPlace, judged, waits } from "./words";

/** What a command wants. */
export interface Wanted {
  /** A verb, for the title of the question. */
  readonly verb: string;
  /** Whether it can be about this. */
  readonly fits: (target: Target) => boolean;
  /** Whether it can say of this why it cannot. */
  readonly explains: (target: Target) => boolean;
  /** Whether it takes changes as a whole. */
  readonly whole: boolean;
  /** Whether it may be about something that is not at the cursor. */
  readonly elsewhere: boolean;
}

export class Targets {
  constructor(
    private readonly session: Session,
    private readonly view: vscode.TreeView<Node>,
    private readonly editors: Editors,
    private readonly documents: Documents,
  ) {}

  /** Undefined: there is nothing, or nobody wanted what there is; which was said. */
  async find(argument: unknown, wanted: Wanted): Promise<Target | undefined> {
    const given = argument as { kind?: string; from?: string; changeset?: unknown; hunks?: readonly number[] } | undefined;
    if (given?.from === "view") {
      const focused = await this.focused();
      const known = focused === undefined ? undefined : again(focused, this.session.changesets);
      return this.orSay(asTarget(known), wanted);
    }
    if (given?.kind !== undefined) {
      return this.orSay(asTarget(again(argument as Node, this.session.changesets)), wanted);
    }
    if (typeof given?.changeset === "string") {
      const by = { changeset: given.changeset, ...(given.hunks === undefined ? {} : { hunks: given.hunks }) };
      return this.orSay(named(this.session.changesets, by), wanted);
    }
    const previewed = this.documents.previewed();
    const seen = previewed === undefined ? await this.editors.atCursor() : [previewed];
    const here = distinct(seen.map((node) => (wanted.whole ? whole(node) : node)));
    const fitting = here.filter(wanted.fits);
    if (fitting.length > 0) {
      return fitting.length === 1 ? fitting[0] : this.choose(fitting, wanted);
    }
    const explained = here.find(wanted.explains);
    if (explained !== undefined || !wanted.elsewhere) {
      return this.orSay(explained, wanted);
    }
    const selected = this.view.visible ? asTarget(this.view.selection[0]) : undefined;
    const of = selected === undefined ? undefined : asTarget(again(selected, this.session.changesets));
    if (of !== undefined && wanted.fits(wanted.whole ? whole(of) : of)) {
      return wanted.whole ? whole(of) : of;
    }
    const all = this.session.changesets.flatMap((changeset): Target[] => {
      const change: Target = { kind: "change", changeset };
      const hunks = changeset.files.flatMap((file) =>
        file.hunks.map((hunk): HunkNode => ({ kind: "hunk", changeset, file, hunk })),
      );
      const parts = wanted.whole ? [] : hunks.filter(wanted.fits);
      return wanted.fits(change) && parts.length !== 1 ? [change, ...parts] : parts;
    });
    return all.length === 0 ? this.orSay(undefined, wanted) : this.choose(all, wanted);
  }

  private orSay(target: Target | undefined, { verb }: Wanted): Target | undefined {
    if (target === undefined) {
      nothing(verb);
    }
    return target;
  }

  /**
   * The row that a key in the view is about. Arrow keys move the focus, which an extension is not told: the row whose
   * selection toggles has it, and is put back.
   */
  private async focused(): Promise<Node | undefined> {
    const before = [...this.view.selection];
    await vscode.commands.executeCommand("list.toggleSelection");
    const after = [...this.view.selection];
    await vscode.commands.executeCommand("list.toggleSelection");
    const [had, has] = [new Set(before.map(key)), new Set(after.map(key))];
    return after.find((node) => !had.has(key(node))) ?? before.find((node) => !has.has(key(node)));
  }

  private async choose(targets: readonly Target[], { verb }: Wanted): Promise<Target | undefined> {
    const items = targets.map((target) => ({ ...item(target), target }));
    const options = { title: `Countersign: what to ${verb}?`, matchOnDescription: true, matchOnDetail: true };
    return (await vscode.window.showQuickPick(items, options))?.target;
  }
}

/** A decision is about hunks that may be decided so; what was accepted or rejected may be out of sight. */
export function toDecide(decision: Decision, verb: string, whole = false): Wanted {
  const back = decision === "undo" || decision === "restore";
  const open = (target: Target): boolean => back || target.kind !== "hunk" || waits(target.hunk);
  const fits = (target: Target): boolean => open(target) && decidable(target, decision).length > 0;
  return { verb, fits, explains: (target) => !back && hunksOf(target).some(waits), whole, elsewhere: back || whole };
}

/** Says that there is nothing a command could be about. */
export function nothing(verb: string): void {
  vscode.window.setStatusBarMessage(`Countersign: nothing to ${verb} here`, 5000);
}

/** The change that a target is part of. */
export function whole({ changeset }: Target): Target {
  return { kind: "change", changeset };
}

function asTarget(node: Node | undefined): Target | undefined {
  return node === undefined || node.kind === "group" ? undefined : node;
}

function distinct(targets: readonly Target[]): Target[] {
  return [...new Map(targets.map((target) => [key(target), target])).values()];
}

function item(target: Target): vscode.QuickPickItem {
  const { changeset } = target;
  if (target.kind !== "hunk") {
    const hunks = changeset.files.reduce((sum, file) => sum + file.hunks.length, 0);
    return { label: `$(checklist) ${changeset.title}`, description: count(hunks, "hunk"), detail: judged(changeset) };
  }
  const { hunk, file } = target;
  const text = hunk.text.trim();
  const place = `${file.path}, ${hunkPlace(hunk)}`;
  return {
    label: `$(diff) ${text === "" ? place : text}`,
    description: text === "" ? hunk.state : `${place}, ${hunk.state}`,
    detail: `hunk ${hunk.hunk} of ${changeset.title}, ${judged(changeset)}`,
  };
}
