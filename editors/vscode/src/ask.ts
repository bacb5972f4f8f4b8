// Asking for work in one's own words. The server finds who can be asked, and tells what comes of it.

import * as vscode from "vscode";
import type { Session } from "./session";

interface Kind extends vscode.QuickPickItem {
  readonly work: string;
}

const KINDS: Kind[] = [
  { label: "$(wrench) Fix", work: "fix" },
  { label: "$(beaker) Write tests", work: "tests" },
  { label: "$(book) Document", work: "docs" },
  { label: "$(symbol-structure) Refactor", work: "refactor" },
  { label: "$(eye) Review", work: "review" },
  { label: "$(add) Extend", work: "feature" },
  { label: "$(checklist) Tidy", work: "chore" },
];

/** About what is selected, or the function or type at the cursor. */
export async function askForWork(session: Session): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme !== "file") {
    void vscode.window.showWarningMessage("Countersign: open the file that the work is about first.");
    return;
  }
  const { document, selection } = editor;
  const chosen = await vscode.window.showQuickPick(KINDS, {
    title: "Ask for work (1 of 2)",
    placeHolder: "Your files stay as they are until you accept",
  });
  if (chosen === undefined) {
    return;
  }
  const objective = await vscode.window.showInputBox({
    title: "Ask for work (2 of 2)",
    prompt: "What is to be achieved? Leave it empty to leave it to whoever is asked.",
  });
  if (objective === undefined) {
    return;
  }
  const { start, end } = selection;
  const at = ({ line, character }: vscode.Position): object => ({ line, character });
  await session.command("countersign.ask", {
    kind: chosen.work,
    uri: document.uri.toString(),
    range: { start: at(start), end: at(end) },
    ...(objective.trim() === "" ? {} : { objective: objective.trim() }),
  });
}

/** Shows nothing proposed in the text for a while, or everything again. */
export async function snooze(session: Session): Promise<void> {
  const lengths = [
    { label: "For an hour", minutes: 60 },
    { label: "For four hours", minutes: 240 },
    { label: "Until tomorrow at this time", minutes: 1440 },
    { label: "Show them again", minutes: 0 },
  ];
  const chosen = await vscode.window.showQuickPick(lengths, { title: "Show no proposals in the text" });
  if (chosen !== undefined) {
    await session.command("countersign.snooze", { minutes: chosen.minutes });
  }
}
