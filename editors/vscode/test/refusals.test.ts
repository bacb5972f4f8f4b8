import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusals } from "../src/refusals";

test("what the server says itself is shown once, whichever comes first; what it does not say is shown", () => {
  const refusals = new Refusals();
  assert.equal(refusals.says("could not accept Tidy: its text changed"), true);
  assert.equal(refusals.refuses("its text changed"), false);
  assert.equal(refusals.refuses("64 commands are under way"), true);
  assert.equal(refusals.refuses("its branch is another"), true);
  assert.equal(refusals.says("could not accept Tidy: its branch is another"), false);
  assert.equal(refusals.says("could not accept Tidy: its branch is another"), true, "it happened once more");
});
