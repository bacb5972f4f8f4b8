// A workspace that nobody trusts: proposals can be read and decided, and nothing is run for it. Pure.

/** The commands of the server that have something run: a worker, or gates; and the one that trusts these. */
const RUNS: ReadonlySet<string> = new Set(["countersign.ask", "countersign.prove", "countersign.trust"]);

/** The settings that the server asks for. */
const SECTION = "countersign.proposals";

/** Whether a command of the server waits until the workspace is trusted. */
export function needsTrust(command: string): boolean {
  return RUNS.has(command);
}

/** What the environment of the server says more: it is not to prove before it knows the settings, either. */
export const environment: Readonly<Record<string, string>> = { COUNTERSIGN_PROVE: "asked" };

/** The settings as the server is told them, one for each section it asks for: it proves nothing by itself, whatever they say. */
export function settings(values: readonly unknown[], sections: readonly (string | undefined)[]): unknown[] {
  return values.map((value, nth) =>
    sections[nth] === SECTION ? { ...(value as object | null), prove: "whenAsked" } : value,
  );
}
