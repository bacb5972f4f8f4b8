import assert from "node:assert/strict";
import { test } from "node:test";
import { needsTrust, settings } from "../src/restricted";

test("what runs something waits for trust, decisions do not", () => {
  const all = ["accept", "reject", "undo", "why", "restore", "repropose", "prove", "snapshot", "adopt", "ask", "cancel", "trust", "pause"];
  const held = all.filter((name) => needsTrust(`countersign.${name}`));
  assert.deepEqual(held, ["prove", "ask", "trust"]);
});

test("nothing is proved by itself, and the rest of the settings stands", () => {
  const values = [{ severity: "hint", prove: "automatically" }, { prove: "automatically" }, null];
  const told = settings(values, ["countersign.proposals", "other", "countersign.proposals"]);
  assert.deepEqual(told, [{ severity: "hint", prove: "whenAsked" }, { prove: "automatically" }, { prove: "whenAsked" }]);
});
