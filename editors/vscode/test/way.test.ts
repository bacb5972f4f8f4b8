import assert from "node:assert/strict";
import { test } from "node:test";
import { key } from "../src/listing";
import { neighbour, way } from "../src/way";
import type { Place } from "../src/way";
import { changeset, file, hunk, lines } from "./sketch";

const A = "file:///r/a.rs";
const B = "file:///r/b.rs";

const HUNKS = [hunk(1, lines(8, 9)), hunk(2, lines(2)), hunk(3, { state: "rejected", ...lines(5) })];
const ALL = [
  changeset([file("a.rs", HUNKS), file("b.rs", [hunk(4, { line: 7 }), hunk(5, { standing: "conflict", conflict: "gone" })])]),
  changeset([file("a.rs", [hunk(1, lines(2))])], { id: "cd".repeat(32) }),
  changeset([file("a.rs", [hunk(1, lines(3))])], { id: "ef".repeat(32), shown: false }),
  changeset([file("a.rs", [hunk(1, lines(3))])], { id: "01".repeat(32), group: "parked" }),
];

const names = way(ALL).map((node) => `${node.changeset.id.slice(0, 2)}/${node.hunk.hunk}`);

function to(place: Place | undefined, forward: boolean): string | undefined {
  const node = neighbour(way(ALL), place, forward);
  return node === undefined ? undefined : names[way(ALL).findIndex((one) => key(one) === key(node))];
}

test("the way goes through all files, and passes what cannot be looked at in the text", () => {
  assert.deepEqual(names, ["ab/2", "cd/1", "ab/1", "ab/4"]);
});

test("after the last hunk of a file comes the first of the next, and around", () => {
  const at = (line: number, of = A): Place => ({ file: of, line });
  assert.deepEqual([to(at(0), true), to(at(2), true), to(at(8), true), to(at(7, B), true)], ["ab/2", "ab/1", "ab/4", "ab/2"]);
  assert.deepEqual([to(at(0, B), false), to(at(9), false), to(at(2), false)], ["ab/1", "cd/1", "ab/4"]);
  assert.deepEqual([to({ file: "file:///r/aa.rs", line: 3 }, true), to(undefined, true), to(undefined, false)], ["ab/4", "ab/2", "ab/4"]);
  assert.equal(neighbour([], undefined, true), undefined);
});

test("every hunk of one line is come to, also when the one before it was just decided", () => {
  const visited = (nth: number, of: string): Place => {
    const node = way(ALL)[nth];
    assert.ok(node !== undefined && names[nth] === of);
    return { file: A, line: 2, hunk: key(node) };
  };
  assert.equal(to(visited(0, "ab/2"), true), "cd/1");
  assert.equal(to(visited(1, "cd/1"), true), "ab/1");
  assert.equal(to(visited(1, "cd/1"), false), "ab/2");
  assert.equal(to({ file: A, line: 2, hunk: "gone" }, true), "ab/2");
});
