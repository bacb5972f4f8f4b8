// What is proposed, as the tree shows it and the commands find it. Pure.

import type { Changeset, File, Group, Hunk } from "./protocol";
import { count, escaped, fileChange, groupName, hunkPlace, hunkState, judged, progress, proved, provedAt, waits } from "./words";

export type Node = GroupNode | Target;

/** What a command can be about. */
export type Target = ChangeNode | FileNode | HunkNode;

export interface GroupNode {
  readonly kind: "group";
  readonly group: Group;
  readonly changesets: readonly Changeset[];
}

export interface ChangeNode {
  readonly kind: "change";
  readonly changeset: Changeset;
}

export interface FileNode {
  readonly kind: "file";
  readonly changeset: Changeset;
  readonly file: File;
}

export interface HunkNode {
  readonly kind: "hunk";
  readonly changeset: Changeset;
  readonly file: File;
  readonly hunk: Hunk;
}

const ORDER: readonly Group[] = ["waiting", "denied", "parked", "decided"];

export function groups(changesets: readonly Changeset[]): GroupNode[] {
  return ORDER.map((group): GroupNode => ({
    kind: "group",
    group,
    changesets: changesets.filter((changeset) => changeset.group === group),
  })).filter((node) => node.changesets.length > 0);
}

export function children(node: Node): Node[] {
  switch (node.kind) {
    case "group":
      return node.changesets.map((changeset) => ({ kind: "change", changeset }));
    case "change":
      return node.changeset.files.map((file) => ({ kind: "file", changeset: node.changeset, file }));
    case "file":
      return node.file.hunks.map((hunk) => ({ kind: "hunk", changeset: node.changeset, file: node.file, hunk }));
    case "hunk":
      return [];
  }
}

/** What a node is known by from one listing to the next. */
export function key(node: Node): string {
  switch (node.kind) {
    case "group":
      return `group:${node.group}`;
    case "change":
      return `${node.changeset.root}#${node.changeset.id}`;
    case "file":
      return `${node.changeset.root}#${node.changeset.id}:${node.file.path}`;
    case "hunk":
      return `${node.changeset.root}#${node.changeset.id}/${node.hunk.hunk}`;
  }
}

export function parent(node: Node, all: readonly Changeset[]): Node | undefined {
  switch (node.kind) {
    case "group":
      return undefined;
    case "change":
      return groups(all).find((group) => group.group === node.changeset.group);
    case "file":
      return { kind: "change", changeset: node.changeset };
    case "hunk":
      return { kind: "file", changeset: node.changeset, file: node.file };
  }
}

/** The hunks that a node is about. */
export function hunksOf(node: Node): readonly Hunk[] {
  switch (node.kind) {
    case "group":
      return [];
    case "change":
      return node.changeset.files.flatMap((file) => file.hunks);
    case "file":
      return node.file.hunks;
    case "hunk":
      return [node.hunk];
  }
}

export type Decision = "accept" | "reject" | "undo" | "restore";

/** Those of them that may be decided so. Of more than one hunk, what was undone before is not accepted along. */
export function decidable(node: Node, decision: Decision): number[] {
  if (node.kind === "group") {
    return [];
  }
  const may = new Set(node.changeset[decision]);
  const hunks = hunksOf(node).filter((hunk) => may.has(hunk.hunk));
  const waiting = hunks.filter(waits);
  const decides = decision === "accept" || decision === "reject";
  return (decides && waiting.length > 0 ? waiting : hunks).map((hunk) => hunk.hunk);
}

/** The flags that the menus of the view look at. */
export function context(node: Node): string {
  if (node.kind === "group") {
    return "group";
  }
  const hunks = hunksOf(node);
  const flags: string[] = [node.kind];
  for (const decision of ["accept", "reject", "undo", "restore"] as const) {
    const may = decidable(node, decision);
    // What lies in conflict cannot be accepted where it is; what was undone is not rejected from here.
    const fits = decision !== "accept" || hunks.some((hunk) => may.includes(hunk.hunk) && hunk.standing !== "conflict");
    const wanted = decision !== "reject" || hunks.some(waits);
    if (may.length > 0 && fits && wanted) {
      flags.push(decision);
    }
  }
  flags.push("preview");
  if (node.kind === "change" && hunks.some(waits)) {
    flags.push("anew");
  }
  return flags.join(" ");
}

export interface Shown {
  readonly label: string;
  readonly description: string;
  /** Markdown. */
  readonly tooltip: string;
  /** What a screen reader says. */
  readonly spoken: string;
  readonly icon: string;
  readonly colour: string | undefined;
}

export function shown(node: Node): Shown {
  switch (node.kind) {
    case "group": {
      const label = groupName(node.group);
      const description = String(node.changesets.length);
      const spoken = `${label}, ${count(node.changesets.length, "change")}`;
      return { label, description, tooltip: "", spoken, icon: groupIcon(node.group), colour: undefined };
    }
    case "change":
      return shownChange(node.changeset);
    case "file": {
      const { file } = node;
      const at = file.path.lastIndexOf("/");
      const label = file.path.slice(at + 1);
      const folder = at < 0 ? "" : file.path.slice(0, at);
      const description = [folder, fileChange(file)].filter((part) => part !== "").join(" · ");
      const spoken = `${file.path}, ${count(file.hunks.length, "hunk")}`;
      return { label, description, tooltip: escaped(file.path), spoken, icon: "file", colour: undefined };
    }
    case "hunk":
      return shownHunk(node);
  }
}

/** All that the tree shows of a listing: where it is the same, nothing needs to be drawn anew. */
export function sight(changesets: readonly Changeset[]): string {
  const rows = (node: Node): unknown[] => {
    const badge = node.kind === "change" ? node.changeset.risk : null;
    return [key(node), context(node), shown(node), badge, children(node).map(rows)];
  };
  return JSON.stringify(groups(changesets).map(rows));
}

function shownChange(changeset: Changeset): Shown {
  const gates = provedAt(changeset.proof);
  const description = [gates, judged(changeset), progress(changeset)].filter((part) => part !== "").join(" · ");
  const denied = changeset.denied === null ? "" : `\n\nDenied: ${escaped(changeset.denied)}`;
  const tooltip =
    `**${escaped(changeset.title)}**\n\n${escaped(changeset.short)} from ${escaped(changeset.origin)}` +
    `\n\n${escaped(judged(changeset))}; ${escaped(changeset.stage)}\n\n${escaped(proved(changeset.proof))}${denied}`;
  const spoken = `${changeset.title}, ${judged(changeset)}, ${proved(changeset.proof)}, ${progress(changeset)}`;
  return { label: changeset.title, description, tooltip, spoken, ...changeIcon(changeset) };
}

function shownHunk({ changeset, hunk }: HunkNode): Shown {
  const place = hunkPlace(hunk);
  const inside = hunk.entity === null ? "" : ` in ${hunk.entity}`;
  const label = hunk.text === "" ? `${place}${inside}` : hunk.text.trim();
  const state = hunkState(changeset, hunk);
  const description = `${place} · ${state}`;
  const size = `+${hunk.added} −${hunk.removed}`;
  const tooltip = `hunk ${hunk.hunk}, ${place}${escaped(inside)}, ${size}\n\n${escaped(state)}`;
  const spoken = `hunk ${hunk.hunk}, ${place}${inside}, ${state}: ${label}`;
  return { label, description, tooltip, spoken, ...hunkIcon(changeset, hunk) };
}

function groupIcon(group: Group): string {
  return { waiting: "checklist", denied: "circle-slash", parked: "git-branch", decided: "archive" }[group];
}

function changeIcon(changeset: Changeset): { icon: string; colour: string | undefined } {
  switch (changeset.group) {
    case "denied":
      return { icon: "circle-slash", colour: "list.errorForeground" };
    case "parked":
      return { icon: "git-branch", colour: undefined };
    case "decided":
      return { icon: changeset.undo.length > 0 ? "pass" : "circle-outline", colour: undefined };
    case "waiting":
      break;
  }
  const { standing } = changeset.proof;
  if (standing === "failed") {
    return { icon: "error", colour: "list.errorForeground" };
  }
  if (isHigh(changeset.risk?.level ?? "")) {
    return { icon: "warning", colour: "list.warningForeground" };
  }
  if (standing === "running") {
    return { icon: "loading~spin", colour: undefined };
  }
  if (standing === "passed") {
    return { icon: "verified-filled", colour: "testing.iconPassed" };
  }
  return { icon: changeset.verdict === "allow" ? "verified" : "person", colour: undefined };
}

export function isHigh(level: string): boolean {
  return level === "high" || level === "critical";
}

function hunkIcon(changeset: Changeset, hunk: Hunk): { icon: string; colour: string | undefined } {
  if (waits(hunk)) {
    if (hunk.standing === "conflict") {
      return { icon: "warning", colour: "list.warningForeground" };
    }
    return changeset.group === "denied"
      ? { icon: "circle-slash", colour: "list.errorForeground" }
      : { icon: hunk.state === "adopted" ? "eye" : "diff", colour: undefined };
  }
  if (hunk.state.startsWith("accepted")) {
    return { icon: "pass", colour: undefined };
  }
  return { icon: hunk.state.startsWith("undone") ? "discard" : "circle-outline", colour: undefined };
}

/** The hunks that have a place in a file and are to be seen there, in the order of the text. */
export function hunksIn(changesets: readonly Changeset[], uri: string): HunkNode[] {
  const found: HunkNode[] = [];
  for (const changeset of changesets.filter((changeset) => changeset.shown)) {
    for (const file of changeset.files.filter((file) => file.uri === uri)) {
      for (const hunk of file.hunks.filter((hunk) => hunk.range !== null)) {
        found.push({ kind: "hunk", changeset, file, hunk });
      }
    }
  }
  return found.sort(inOrder);
}

/** By line, then by change, so that those of one line have an order, too. */
export function inOrder(a: HunkNode, b: HunkNode): number {
  const changes = a.changeset.id < b.changeset.id ? -1 : Number(a.changeset.id > b.changeset.id);
  return lineOf(a) - lineOf(b) || changes || a.hunk.hunk - b.hunk.hunk;
}

/** Where a hunk begins: where it is now if its file is open, otherwise where it was captured. */
export function lineOf({ hunk }: HunkNode): number {
  return hunk.range?.start.line ?? hunk.line;
}

/** Those of `hunks` that a line is part of. */
export function hunksAt(hunks: readonly HunkNode[], line: number): HunkNode[] {
  return hunks.filter((node) => lineOf(node) <= line && line <= (node.hunk.range?.end.line ?? -1));
}

/** The node as a newer listing has it. */
export function again(node: Node, changesets: readonly Changeset[]): Node | undefined {
  if (node.kind === "group") {
    return groups(changesets).find((group) => group.group === node.group);
  }
  const same = (one: Changeset): boolean => one.id === node.changeset.id && one.root === node.changeset.root;
  const changeset = changesets.find(same);
  if (changeset === undefined || node.kind === "change") {
    return changeset === undefined ? undefined : { kind: "change", changeset };
  }
  const file = changeset.files.find((file) => file.path === node.file.path);
  if (file === undefined || node.kind === "file") {
    return file === undefined ? undefined : { kind: "file", changeset, file };
  }
  const hunk = file.hunks.find((hunk) => hunk.hunk === node.hunk.hunk);
  return hunk === undefined ? undefined : { kind: "hunk", changeset, file, hunk };
}

/** What a command or a document names: a hunk, all of a file, or all of a change. */
export function named(
  changesets: readonly Changeset[],
  by: { readonly changeset: string; readonly hunks?: readonly number[]; readonly path?: string; readonly uri?: string },
): Target | undefined {
  // Working trees of one repository have the same changes.
  const all = changesets.filter((one) => one.id === by.changeset);
  const changeset = all.find(({ root }) => by.uri?.startsWith(root) === true) ?? all[0];
  if (changeset === undefined) {
    return undefined;
  }
  const [only] = by.hunks?.length === 1 ? by.hunks : [];
  for (const file of changeset.files) {
    const hunk = file.hunks.find((hunk) => hunk.hunk === only);
    if (hunk !== undefined) {
      return { kind: "hunk", changeset, file, hunk };
    }
    if (file.path === by.path && only === undefined) {
      return { kind: "file", changeset, file };
    }
  }
  return { kind: "change", changeset };
}
