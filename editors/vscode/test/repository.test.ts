import assert from "node:assert/strict";
import { test } from "node:test";
import { isInRepository } from "../src/repository";

test("a folder is in a repository if it or one above it has one", () => {
  const exists = (file: string): boolean => file === "/home/ada/queue/.git";
  assert.equal(isInRepository("/home/ada/queue", exists), true);
  assert.equal(isInRepository("/home/ada/queue/src/deep", exists), true);
  assert.equal(isInRepository("/home/ada", exists), false);
});
