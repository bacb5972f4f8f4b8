import assert from "node:assert/strict";
import { test } from "node:test";
import { findProgram } from "../src/program";
import type { Places } from "../src/program";

function find(there: string[], places: Partial<Places> = {}): ReturnType<typeof findProgram> {
  const executable = (file: string): boolean => there.includes(file);
  return findProgram({
    setting: "",
    path: "/usr/bin:/opt/bin",
    extension: "/ext",
    home: "/home/ada",
    windows: false,
    executable,
    ...places,
  });
}

test("the setting comes first, then PATH, then what came with the extension", () => {
  const all = ["/mine/countersign", "/opt/bin/countersign", "/ext/bin/countersign"];
  assert.deepEqual(find(all, { setting: "/mine/countersign" }), { file: "/mine/countersign", by: "setting" });
  assert.deepEqual(find(all), { file: "/opt/bin/countersign", by: "path" });
  assert.deepEqual(find(["/ext/bin/countersign"]), { file: "/ext/bin/countersign", by: "bundled" });
});

test("a setting that names nothing is said, and nothing else is run in its place", () => {
  const found = find(["/opt/bin/countersign"], { setting: "/gone/countersign" });
  assert.equal(found.file, undefined);
  assert.match("reason" in found ? found.reason : "", /names no executable file: \/gone\/countersign/);
});

test("a home folder is understood in the setting, and a relative path is not", () => {
  const there = ["/home/ada/bin/countersign", "bin/countersign"];
  assert.equal(find(there, { setting: "~/bin/countersign" }).file, "/home/ada/bin/countersign");
  assert.equal(find(there, { setting: "bin/countersign" }).by, "setting");
});

test("the folder that happens to be current is not searched", () => {
  assert.equal(find(["countersign", "./countersign", "bin/countersign"], { path: ":.:bin" }).file, undefined);
});

test("nothing anywhere is a reason with both ways out", () => {
  const found = find([], { path: undefined });
  assert.equal(found.by, "nowhere");
  assert.match("reason" in found ? found.reason : "", /PATH.*countersign\.path/);
});
