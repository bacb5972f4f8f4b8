// Asking for proposals: the recipes, or any program in the sandbox. The `countersign` program does it; what comes of it
// arrives through the ledger, as everything does.

import { spawn } from "node:child_process";
import * as vscode from "vscode";
import { asked, outcome } from "./asked";
import type { Asked } from "./asked";
import type { Session } from "./session";

export async function propose(session: Session): Promise<void> {
  const folder = session.folder();
  const program = session.program();
  if (!vscode.workspace.isTrusted || folder === undefined || program.file === undefined) {
    const reason = !vscode.workspace.isTrusted
      ? "trust this workspace first"
      : folder === undefined
        ? "open a folder first"
        : program.file === undefined
          ? program.reason
          : "";
    void vscode.window.showWarningMessage(`Countersign: nothing can be asked for: ${reason}.`);
    return;
  }
  const wanted = await choose();
  if (wanted === undefined) {
    return;
  }
  const { arguments: args, title } = asked(wanted);
  const file = program.file;
  const options = { location: vscode.ProgressLocation.Notification, title: `Countersign: ${title}`, cancellable: true };
  const ran = await vscode.window.withProgress(options, (_, token) => run(file, args, folder.uri.fsPath, token));
  const { text, bad } = outcome(ran.code, ran.stdout, ran.stderr, ran.cancelled);
  session.log.info(`${args.join(" ")}: ${text}`);
  if (ran.stderr.trim() !== "") {
    session.log.info(ran.stderr.trim());
  }
  if (bad) {
    void vscode.window.showErrorMessage(`Countersign: ${text}`);
  } else {
    vscode.window.setStatusBarMessage(`Countersign: ${text}`, 8000);
  }
}

async function choose(): Promise<Asked | undefined> {
  const recipes = { label: "$(beaker) Run the recipes", description: "no model, no network", program: false };
  const program = { label: "$(terminal) Run a program in the sandbox…", description: "what it changes is proposed", program: true };
  const chosen = await vscode.window.showQuickPick([recipes, program], {
    title: "Ask for proposals",
    placeHolder: "Your files stay as they are until you accept",
  });
  if (chosen?.program !== true) {
    return chosen === undefined ? undefined : { kind: "recipes" };
  }
  const objective = await vscode.window.showInputBox({
    title: "Ask for proposals (1 of 2)",
    prompt: "What is it for, in a few words? It becomes the title.",
    placeHolder: "tidy imports",
    validateInput: (text) => (text.trim() === "" ? "A few words are needed." : undefined),
  });
  if (objective === undefined) {
    return undefined;
  }
  const line = await vscode.window.showInputBox({
    title: "Ask for proposals (2 of 2)",
    prompt: "The command line. It runs on a throwaway copy of the saved files, without network.",
    placeHolder: "ruff check --select I --fix",
    validateInput: (text) => (text.trim() === "" ? "A command is needed." : undefined),
  });
  return line === undefined ? undefined : { kind: "program", objective: objective.trim(), line: line.trim() };
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly cancelled: boolean;
}

function run(file: string, args: readonly string[], cwd: string, token: vscode.CancellationToken): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const cancelled = token.onCancellationRequested(() => child.kill("SIGINT"));
    const end = (code: number | null, said: string): void => {
      cancelled.dispose();
      resolve({ code, stdout, stderr: stderr + said, cancelled: token.isCancellationRequested });
    };
    child.on("error", (error) => end(null, error.message));
    child.on("close", (code) => end(code, ""));
  });
}
