import assert from "node:assert/strict";
import { test } from "node:test";
import { again, children, context, decidable, groups, hunkAt, hunksIn, key, neighbour, shown } from "../src/listing";
import type { Node } from "../src/listing";
import { changeset, file, hunk, lines } from "./sketch";

function change(...args: Parameters<typeof changeset>): Node {
  return { kind: "change", changeset: changeset(...args) };
}

function tree(node: Node, depth = 0): string {
  const { label, description } = shown(node);
  const line = `${"  ".repeat(depth)}${label} | ${description} | ${context(node)}\n`;
  return line + children(node).map((child) => tree(child, depth + 1)).join("");
}

test("changes are grouped by what can be done with them, and empty groups are not shown", () => {
  const all = [
    changeset([file("a.rs", [hunk(1, { state: "accepted" })])], { group: "decided", id: "1".repeat(64), stage: "accepted" }),
    changeset([file("src/a.rs", [hunk(1), hunk(2, { state: "undone" })])]),
    changeset([file("b.rs", [hunk(1)])], { group: "denied", id: "2".repeat(64), verdict: "deny", denied: "no", accept: [] }),
  ];
  assert.equal(
    groups(all).map((group) => tree(group)).join(""),
    `To review | 1 | group
  Ask is_empty() | risk 12 low, allowed by policy · 1 of 2 hunks left | change accept reject anew
    a.rs | src | file accept reject preview
      queue.is_empty() | line 11 · proposed | hunk accept reject preview
      queue.is_empty() | line 21 · undone | hunk accept preview
Denied by policy | 1 | group
  Ask is_empty() | risk 12 low, denied by policy · 1 hunk | change reject anew
    b.rs |  | file reject preview
      queue.is_empty() | line 11 · denied | hunk reject preview
Decided | 1 | group
  Ask is_empty() | risk 12 low, allowed by policy · accepted | change undo
    a.rs |  | file undo preview
      queue.is_empty() | line 11 · accepted | hunk undo preview
`,
  );
});

test("a hunk in conflict is not offered for acceptance and says why", () => {
  const lost = hunk(1, { standing: "conflict", conflict: "its text changed" });
  const node: Node = { kind: "hunk", changeset: changeset([file("a.rs", [lost])]), file: file("a.rs", [lost]), hunk: lost };
  assert.equal(context(node), "hunk reject preview");
  assert.equal(shown(node).description, "line 11 · conflict: its text changed");
  assert.equal(shown(node).icon, "warning");
  const there = hunk(1, { standing: "landed" });
  assert.equal(shown({ ...node, hunk: there }).description, "line 11 · proposed, in the text already");
});

test("accepting a change takes what waits, and what was undone only by itself", () => {
  const hunks = [hunk(1), hunk(2, { state: "undone" }), hunk(3, { state: "accepted" })];
  assert.deepEqual(decidable(change([file("a.rs", hunks)]), "accept"), [1]);
  assert.deepEqual(decidable(change([file("a.rs", hunks)]), "undo"), [3]);
  const undone = hunks[1];
  assert.ok(undone);
  const of = changeset([file("a.rs", hunks)]);
  assert.deepEqual(decidable({ kind: "hunk", changeset: of, file: file("a.rs", hunks), hunk: undone }, "accept"), [2]);
});

test("a node is found again in a newer listing, and gone when its change is", () => {
  const before = changeset([file("a.rs", [hunk(1)])]);
  const node: Node = { kind: "hunk", changeset: before, file: file("a.rs", [hunk(1)]), hunk: hunk(1) };
  const newer = changeset([file("a.rs", [hunk(1, { state: "accepted" })])]);
  const found = again(node, [newer]);
  assert.ok(found?.kind === "hunk");
  assert.equal(found.hunk.state, "accepted");
  assert.equal(key(found), key(node));
  assert.equal(again(node, []), undefined);
});

test("going from hunk to hunk follows the text and comes around", () => {
  const hunks = [hunk(1, lines(8, 9)), hunk(2, lines(2)), hunk(3), hunk(4, { state: "rejected", ...lines(5) })];
  const here = hunksIn([changeset([file("a.rs", hunks), file("b.rs", [hunk(5, lines(0))])])], "file:///r/a.rs");
  assert.deepEqual(here.map((node) => node.hunk.hunk), [2, 1]);
  const to = (line: number, forward: boolean): number | undefined => neighbour(here, line, forward)?.hunk.hunk;
  assert.deepEqual([to(0, true), to(2, true), to(8, true)], [2, 1, 2]);
  assert.deepEqual([to(10, false), to(9, false), to(2, false)], [1, 2, 1]);
  assert.equal(hunkAt(here, 9)?.hunk.hunk, 1);
  assert.equal(hunkAt(here, 7), undefined);
  assert.equal(neighbour([], 0, true), undefined);
});

test("what others wrote is text in a tooltip, never a link", () => {
  const node = change([file("a.rs", [hunk(1)])], { title: "[x](command:y) `z`" });
  assert.ok(!shown(node).tooltip.includes("[x](command:y)"), shown(node).tooltip);
  assert.ok(shown(node).tooltip.includes("\\[x\\]\\(command:y\\)"));
});

test("a screen reader hears where a hunk is, how it stands, and its text", () => {
  const node: Node = {
    kind: "hunk",
    changeset: changeset([file("a.rs", [hunk(1)])]),
    file: file("a.rs", [hunk(1)]),
    hunk: hunk(1, { entity: "idle" }),
  };
  assert.equal(shown(node).spoken, "hunk 1, line 11 in idle, proposed: queue.is_empty()");
});
