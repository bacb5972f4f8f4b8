// The way from one waiting hunk to the next, through all files. Pure.

import { inOrder, key, lineOf } from "./listing";
import type { HunkNode } from "./listing";
import type { Changeset, File } from "./protocol";
import { waits } from "./words";

/** Where somebody is on the way. */
export interface Place {
  /** As `fileName` says it. */
  readonly file: string;
  readonly line: number;
  /** The hunk that they are at, if they went to one and did not leave it: several may begin in one line. */
  readonly hunk?: string | undefined;
}

/** By what the files are ordered. */
export function fileName({ uri, path }: File): string {
  return uri ?? path;
}

/** Everything that waits here, is to be seen and has a place, in the order in which one goes through it. */
export function way(changesets: readonly Changeset[]): HunkNode[] {
  const found: HunkNode[] = [];
  for (const changeset of changesets.filter(({ shown, group }) => shown && group !== "parked")) {
    for (const file of changeset.files) {
      for (const hunk of file.hunks.filter((hunk) => waits(hunk) && hunk.standing !== "conflict")) {
        found.push({ kind: "hunk", changeset, file, hunk });
      }
    }
  }
  return found.sort((a, b) => compared(fileName(a.file), fileName(b.file)) || inOrder(a, b));
}

/** The hunk after or before a place, around the ends. */
export function neighbour(hunks: readonly HunkNode[], place: Place | undefined, forward: boolean): HunkNode | undefined {
  const first = forward ? 0 : hunks.length - 1;
  if (place === undefined) {
    return hunks[first];
  }
  const at = hunks.findIndex((node) => key(node) === place.hunk);
  if (at >= 0) {
    return hunks[(at + (forward ? 1 : hunks.length - 1)) % hunks.length];
  }
  const side = (node: HunkNode): number => compared(fileName(node.file), place.file);
  // Where the hunk that they were at is decided, another one of its line comes next.
  const from = place.hunk === undefined ? place.line + 1 : place.line;
  const after = (node: HunkNode): boolean => side(node) > 0 || (side(node) === 0 && lineOf(node) >= from);
  const before = (node: HunkNode): boolean =>
    side(node) < 0 || (side(node) === 0 && (node.hunk.range?.end.line ?? lineOf(node)) < place.line);
  return (forward ? hunks.find(after) : hunks.filter(before).at(-1)) ?? hunks[first];
}

function compared(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
