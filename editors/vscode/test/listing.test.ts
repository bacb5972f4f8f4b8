import assert from "node:assert/strict";
import { test } from "node:test";
import { again, children, context, decidable, groups, hunksAt, hunksIn, key, named, shown, sight } from "../src/listing";
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
  Ask is_empty() | risk 12 low, allowed by policy · 1 of 2 hunks left | change accept reject preview anew
    a.rs | src | file accept reject preview
      queue.is_empty() | line 11 · proposed | hunk accept reject preview
      queue.is_empty() | line 21 · undone | hunk accept preview
Denied by policy | 1 | group
  Ask is_empty() | risk 12 low, denied by policy · 1 hunk | change reject preview anew
    b.rs |  | file reject preview
      queue.is_empty() | line 11 · denied | hunk reject preview
Decided | 1 | group
  Ask is_empty() | risk 12 low, allowed by policy · accepted | change undo preview
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

test("what is at a line is what is to be seen there, in one order", () => {
  const first = changeset([file("a.rs", [hunk(2, lines(2)), hunk(1, lines(8, 9))])]);
  const second = changeset([file("a.rs", [hunk(1, lines(2))]), file("b.rs", [hunk(2, lines(2))])], { id: "cd".repeat(32) });
  const here = hunksIn([second, first], "file:///r/a.rs");
  const names = (nodes: typeof here): string[] => nodes.map((node) => `${node.changeset.id.slice(0, 2)}/${node.hunk.hunk}`);
  assert.deepEqual(names(here), ["ab/2", "cd/1", "ab/1"]);
  assert.deepEqual(names(hunksAt(here, 2)), ["ab/2", "cd/1"]);
  assert.deepEqual(names(hunksAt(here, 9)), ["ab/1"]);
  assert.deepEqual(names(hunksAt(here, 7)), []);
  const hidden = changeset([file("a.rs", [hunk(1, lines(2))])], { shown: false });
  assert.deepEqual(hunksIn([hidden], "file:///r/a.rs"), [], "what is not shown is not decided at the cursor");
});

test("a name leads to a hunk, a file or a change", () => {
  const all = [changeset([file("a.rs", [hunk(1)]), file("b.rs", [hunk(2), hunk(3)])])];
  const found = (by: object): string | undefined => {
    const node = named(all, { changeset: "ab".repeat(32), ...by });
    return node === undefined ? undefined : `${node.kind} ${key(node).split("#")[1]?.slice(64)}`;
  };
  assert.equal(found({}), "change ");
  assert.equal(found({ path: "b.rs" }), "file :b.rs");
  assert.equal(found({ path: "b.rs", hunks: [2, 3] }), "file :b.rs");
  assert.equal(found({ path: "b.rs", hunks: [3] }), "hunk /3");
  assert.equal(found({ hunks: [1] }), "hunk /1");
  assert.equal(found({ changeset: "00" }), undefined);
});

test("a row tells how its proof stands, in words and by its icon", () => {
  const row = (standing: "none" | "running" | "passed" | "failed" | "stale", passed = 2): string[] => {
    const { description, spoken, tooltip, icon } = shown(
      change([file("a.rs", [hunk(1)])], { proof: { standing, passed, gates: 2 } }),
    );
    assert.ok(tooltip.includes(spoken.split(", ")[3] ?? "?"), `${tooltip} says less than ${spoken}`);
    return [description.split(" · ").slice(0, -2).join(), spoken.split(", ").slice(3, -1).join(", "), icon];
  };
  assert.deepEqual(row("none"), ["", "not proved", "verified"]);
  assert.deepEqual(row("running"), ["proving", "being proved", "loading~spin"]);
  assert.deepEqual(row("passed"), ["2 of 2 gates", "proved, 2 of 2 gates passed", "verified-filled"]);
  assert.deepEqual(row("failed", 1), ["1 of 2 gates", "proof failed, 1 of 2 gates passed", "error"]);
  const stale = "proved with other hunks than those that wait, 2 of 2 gates passed";
  assert.deepEqual(row("stale"), ["stale proof", stale, "verified"]);
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

test("the tree is drawn anew for what it shows, and for nothing else", () => {
  const listed = (over: Parameters<typeof hunk>[1], of: Parameters<typeof changeset>[1] = {}): string =>
    sight([changeset([file("a.rs", [hunk(1, over), hunk(2)])], of)]);
  assert.equal(listed({}), listed({}));
  assert.equal(listed(lines(9)), listed({ range: { start: { line: 9, character: 4 }, end: { line: 9, character: 5 } } }));
  const same = new Set([
    listed({}),
    listed(lines(20)),
    listed({ state: "accepted" }),
    listed({ standing: "conflict", conflict: "its text changed" }),
    listed({}, { group: "denied" }),
    listed({}, { risk: { score: 13, level: "low" } }),
    listed({}, { risk: { score: 12, level: "high" } }),
    listed({}, { proof: { standing: "running", passed: 0, gates: 1 } }),
    listed({}, { id: "cd".repeat(32) }),
    listed({}, { undo: [2] }),
    sight([]),
  ]);
  assert.equal(same.size, 11);
});
