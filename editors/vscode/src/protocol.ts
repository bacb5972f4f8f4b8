// The extension protocol, as ../../PROTOCOL.md documents it. A test of the server compares the fields.

import { NotificationType, RequestType } from "vscode-languageserver-protocol";
import type { Range } from "vscode-languageserver-protocol";

export interface Status {
  readonly version: string;
  readonly working: boolean;
  readonly waiting: number;
  readonly hidden: number;
  readonly paused: boolean;
  readonly snoozed_until: number | null;
  readonly roots: readonly string[];
  readonly budget: Budget | null;
  readonly tasks: readonly Task[];
}

/** What workers took of their time within 24 hours. */
export interface Budget {
  readonly root: string | null;
  readonly whole_s: number;
  readonly spent_s: number;
  readonly reserved_s: number;
  readonly exhausted: boolean;
  readonly waiting: number;
  readonly easier_at: number | null;
  readonly told: string;
}

export interface Task {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly worker: string;
  readonly uri: string | null;
  readonly state: "queued" | "running" | "proposed" | "unchanged" | "failed" | "cancelled";
  readonly said: string;
  readonly changesets: readonly string[];
}

export interface Changesets {
  readonly status: Status;
  readonly changesets: readonly Changeset[];
}

export type Group = "waiting" | "denied" | "parked" | "decided";

export interface Changeset {
  readonly id: string;
  readonly short: string;
  readonly title: string;
  readonly origin: string;
  readonly root: string;
  readonly shown: boolean;
  readonly group: Group;
  readonly stage: string;
  readonly adopted: boolean;
  readonly verdict: "allow" | "review" | "deny" | null;
  readonly denied: string | null;
  readonly risk: Risk | null;
  readonly proof: Proof;
  readonly accept: readonly number[];
  readonly reject: readonly number[];
  readonly undo: readonly number[];
  readonly restore: readonly number[];
  readonly files: readonly File[];
}

export interface Risk {
  readonly score: number;
  readonly level: string;
}

export interface Proof {
  readonly standing: "none" | "running" | "passed" | "failed" | "stale";
  readonly passed: number;
  readonly gates: number;
}

export interface File {
  readonly path: string;
  readonly uri: string | null;
  readonly change: "added" | "deleted" | "modified" | "renamed" | "mode_changed" | "type_changed";
  readonly hunks: readonly Hunk[];
}

export interface Hunk {
  readonly hunk: number;
  readonly state: string;
  readonly whole: boolean;
  readonly entity: string | null;
  readonly text: string;
  readonly line: number;
  readonly added: number;
  readonly removed: number;
  readonly range: Range | null;
  readonly standing: "clean" | "drifted" | "landed" | "conflict" | null;
  readonly conflict: string | null;
}

export type Side = "before" | "after" | "accepted" | "taken_out" | "proof";

export interface DocumentParams {
  readonly changeset: string;
  readonly side: Side;
  readonly path?: string;
  readonly hunks?: readonly number[];
  readonly uri?: string;
}

export interface DocumentText {
  readonly text: string | null;
  readonly refused: readonly string[];
}

export const changesets = new RequestType<object, Changesets, void>("countersign/changesets");
export const document = new RequestType<DocumentParams, DocumentText, void>("countersign/document");
export const status = new RequestType<object, Status, void>("countersign/status");
export const changed = new NotificationType<Status>("countersign/changed");
