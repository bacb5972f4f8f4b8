// The names of virtual documents. Pure: parts of a URI in and out.

import type { DocumentParams, Side } from "./protocol";

export const SCHEME = "countersign";

export interface Parts {
  readonly scheme: string;
  readonly path: string;
  readonly query: string;
}

const SIDES: readonly Side[] = ["before", "after", "accepted", "taken_out", "proof"];

/** Ends in the file's own name, so that the editor knows the language. */
export function address(params: DocumentParams, name: string): Parts {
  return { scheme: SCHEME, path: `/${name}`, query: JSON.stringify(params) };
}

/** What a virtual document is to hold; undefined for what was not written by `address`. */
export function read(query: string): DocumentParams | undefined {
  let value: unknown;
  try {
    value = JSON.parse(query);
  } catch {
    return undefined;
  }
  const params = value as Partial<DocumentParams> | null;
  const known = typeof params?.changeset === "string" && SIDES.includes(params.side as Side);
  return known ? (params as DocumentParams) : undefined;
}
