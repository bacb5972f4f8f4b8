// Changes for tests, made by hand.

import type { Changeset, File, Hunk } from "../src/protocol";

export function hunk(number: number, over: Partial<Hunk> = {}): Hunk {
  return {
    hunk: number,
    state: "proposed",
    whole: false,
    entity: null,
    text: "    queue.is_empty()",
    line: number * 10,
    added: 1,
    removed: 1,
    range: null,
    standing: null,
    conflict: null,
    ...over,
  };
}

export function lines(start: number, end = start): { readonly range: NonNullable<Hunk["range"]> } {
  return { range: { start: { line: start, character: 0 }, end: { line: end, character: 9 } } };
}

export function file(path: string, hunks: readonly Hunk[], over: Partial<File> = {}): File {
  return { path, uri: `file:///r/${path}`, change: "modified", hunks, ...over };
}

export function changeset(files: readonly File[], over: Partial<Changeset> = {}): Changeset {
  const all = files.flatMap((file) => file.hunks);
  const those = (...states: string[]): number[] =>
    all.filter((hunk) => states.includes(hunk.state)).map((hunk) => hunk.hunk);
  return {
    id: "ab".repeat(32),
    short: "abababababab",
    title: "Ask is_empty()",
    origin: "recipe rust/len-zero",
    root: "file:///r",
    shown: true,
    group: "waiting",
    stage: "judged",
    adopted: false,
    verdict: "allow",
    denied: null,
    risk: { score: 12, level: "low" },
    proof: { standing: "none", passed: 0, gates: 0 },
    accept: those("proposed", "adopted", "undone"),
    reject: those("proposed", "adopted", "undone"),
    undo: those("accepted", "accepted (unsaved)"),
    restore: those("rejected"),
    files,
    ...over,
  };
}
