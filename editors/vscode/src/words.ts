// What people read. Pure.

import type { Changeset, File, Group, Hunk, Proof } from "./protocol";

export function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}

const GROUPS: Record<Group, string> = {
  waiting: "To review",
  denied: "Denied by policy",
  parked: "On another branch",
  decided: "Decided",
};

export function groupName(group: Group): string {
  return GROUPS[group];
}

export function judged(changeset: Changeset): string {
  const risk = changeset.risk === null ? "" : `risk ${changeset.risk.score} ${changeset.risk.level}, `;
  return `${risk}${verdict(changeset)}`;
}

export function verdict(changeset: Changeset): string {
  switch (changeset.verdict) {
    case null:
      return "not judged yet";
    case "allow":
      return "allowed by policy";
    case "review":
      return "needs a person";
    case "deny":
      return "denied by policy";
  }
}

/** How a change is proved, where there is little room; nothing where there is no proof. */
export function provedAt({ standing, passed, gates }: Proof): string {
  switch (standing) {
    case "none":
      return "";
    case "running":
      return "proving";
    case "passed":
    case "failed":
      return `${passed} of ${count(gates, "gate")}`;
    case "stale":
      return "stale proof";
  }
}

/** The same, for who has not seen the icons. */
export function proved(proof: Proof): string {
  const gates = `${proof.passed} of ${count(proof.gates, "gate")} passed`;
  switch (proof.standing) {
    case "none":
      return "not proved";
    case "running":
      return "being proved";
    case "passed":
      return `proved, ${gates}`;
    case "failed":
      return `proof failed, ${gates}`;
    case "stale":
      return `proved with other hunks than those that wait, ${gates}`;
  }
}

/** The hunks that wait, of all of a change or of some. */
export function waits(hunk: Hunk): boolean {
  return hunk.state === "proposed" || hunk.state === "adopted";
}

export function progress(changeset: Changeset): string {
  const hunks = changeset.files.flatMap((file) => file.hunks);
  const waiting = hunks.filter(waits).length;
  if (waiting === 0) {
    return changeset.stage;
  }
  return waiting === hunks.length ? count(waiting, "hunk") : `${waiting} of ${count(hunks.length, "hunk")} left`;
}

export function fileChange(file: File): string {
  switch (file.change) {
    case "added":
      return "new";
    case "deleted":
      return "deleted";
    case "modified":
      return "";
    case "renamed":
      return "renamed";
    case "mode_changed":
      return "mode";
    case "type_changed":
      return "another kind";
  }
}

export function hunkPlace(hunk: Hunk): string {
  if (hunk.whole) {
    return "whole file";
  }
  return `line ${(hunk.range?.start.line ?? hunk.line) + 1}`;
}

/** How a hunk stands, in words; the way forward where there is one. */
export function hunkState(changeset: Changeset, hunk: Hunk): string {
  if (!waits(hunk)) {
    return hunk.state;
  }
  if (hunk.standing === "conflict") {
    return `conflict: ${hunk.conflict ?? "it has no place any more"}`;
  }
  const moved = hunk.standing === "drifted" ? ", drifted" : hunk.standing === "landed" ? ", in the text already" : "";
  if (changeset.group === "denied") {
    return `denied${moved}`;
  }
  return `${hunk.state === "adopted" ? "in the text, not reviewed" : "proposed"}${moved}`;
}

/** Text of others inside Markdown: shown, never markup. */
export function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~&]/g, "\\$&");
}
