// Asking the program for proposals, and reading what it answers. Pure.

import { count } from "./words";

export type Asked =
  | { readonly kind: "recipes" }
  | { readonly kind: "program"; readonly objective: string; readonly line: string };

export function asked(wanted: Asked): { arguments: string[]; title: string } {
  if (wanted.kind === "recipes") {
    return { arguments: ["run", "--format", "json"], title: "the recipes look at the repository" };
  }
  // The program would take what begins with a dash for an option.
  const objective = wanted.objective.replace(/^[-\s]+/, "");
  const command = ["run", objective, "--worker", "command", "--format", "json", "--", "sh", "-c", wanted.line];
  return { arguments: command, title: wanted.objective };
}

/** One sentence on how it went. */
export function outcome(
  code: number | null,
  stdout: string,
  stderr: string,
  cancelled: boolean,
): { text: string; bad: boolean } {
  if (cancelled) {
    return { text: "cancelled, nothing was proposed", bad: false };
  }
  const proposals = code === 0 ? proposed(stdout) : undefined;
  if (proposals === undefined) {
    const last = stderr.trim().split("\n").pop() ?? "";
    return { text: last === "" ? `it ended with exit code ${String(code)}` : last, bad: true };
  }
  return { text: proposals === 0 ? "nothing to propose" : `${count(proposals, "change")} proposed`, bad: false };
}

function proposed(stdout: string): number | undefined {
  try {
    const value = JSON.parse(stdout) as { proposals?: unknown; proposal?: unknown };
    if (Array.isArray(value.proposals)) {
      return value.proposals.length;
    }
    return value.proposal == null ? 0 : 1;
  } catch {
    return undefined;
  }
}
