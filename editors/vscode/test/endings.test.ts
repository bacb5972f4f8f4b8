import assert from "node:assert/strict";
import test from "node:test";
import { AGAIN_MAX, Endings, WITHIN_MS } from "../src/endings";

test("a server that ends time and again is left ended, one that ends now and then is not", () => {
  const endings = new Endings();
  const rapid = Array.from({ length: AGAIN_MAX + 1 }, (_, index) => endings.again(index));
  assert.deepEqual(rapid, [...Array<boolean>(AGAIN_MAX).fill(true), false]);
  assert.equal(endings.again(WITHIN_MS), false, "three others are still as recent");
  assert.equal(endings.again(3 * WITHIN_MS), true);
});
