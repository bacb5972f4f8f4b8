import assert from "node:assert/strict";
import { test } from "node:test";
import { address, read } from "../src/address";
import { asked, outcome } from "../src/asked";
import { inEditor } from "../src/page";

test("the page names what this editor has", () => {
  const page = inEditor("## Proof\n\nNone yet: `countersign prove` has the project's gates run on it.\n");
  assert.equal(page, "## Proof\n\nNone yet: *Prove in the Sandbox* on its row has the project's gates run on it.\n");
});

test("a virtual document's name says what it holds", () => {
  const params = { changeset: "ab12", side: "accepted", path: "src/a b#.rs", hunks: [1, 2] } as const;
  const { path, query } = address(params, "a b#.rs");
  assert.equal(path, "/a b#.rs");
  assert.deepEqual(read(query), params);
});

test("a name that was not made here holds nothing", () => {
  for (const query of ["", "x", "null", "{}", '{"changeset":1,"side":"after"}', '{"changeset":"a","side":"other"}']) {
    assert.equal(read(query), undefined, query);
  }
});

test("what is asked for is passed on as it is, never as part of our own command line", () => {
  const line = "sort -o 'a b' && rm x";
  const { arguments: args, title } = asked({ kind: "program", objective: "--sort", line });
  assert.equal(args[1], "sort");
  assert.deepEqual(args.slice(-4), ["--", "sh", "-c", line]);
  assert.equal(title, "--sort");
  assert.deepEqual(asked({ kind: "recipes" }).arguments, ["run", "--format", "json"]);
});

test("how asking went is one sentence", () => {
  assert.equal(outcome(0, '{"proposals":[{}]}', "", false).text, "1 change proposed");
  assert.equal(outcome(0, '{"proposals":[]}', "", false).text, "nothing to propose");
  assert.deepEqual(outcome(2, "", "warning: a\nerror: no sandbox\n", false), { text: "error: no sandbox", bad: true });
  assert.equal(outcome(null, "", "", true).bad, false);
  assert.equal(outcome(0, "not json", "", false).bad, true);
});
