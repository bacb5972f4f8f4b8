// The extension: wires the parts together, and nothing else. Start at `Session` for the server, `listing` for what is shown.

import * as vscode from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import { Commands } from "./commands";
import { Documents } from "./documents";
import { Editors } from "./editors";
import * as restricted from "./restricted";
import { Session } from "./session";
import { ChangesTree, riskBadges, statusItem } from "./view";

let session: Session | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const middleware: Middleware = {
    // The server explains in one message; here there is a page for it.
    executeCommand: (command, args) =>
      command === "countersign.why"
        ? vscode.commands.executeCommand("countersign.proof", args[0])
        : session?.command(command, (args[0] as object | undefined) ?? {}),
    workspace: {
      configuration: async (params, token, next) => {
        const values = await next(params, token);
        const sections = params.items.map((item) => item.section);
        return vscode.workspace.isTrusted || !Array.isArray(values) ? values : restricted.settings(values, sections);
      },
    },
    provideCodeLenses: async (document, token, next) => {
      if (!vscode.workspace.getConfiguration("countersign").get("codeLens", true)) {
        return [];
      }
      return withPreviews((await next(document, token)) ?? []);
    },
  };
  const started = new Session(context.extensionUri, middleware);
  session = started;
  const tree = new ChangesTree(started);
  const view = vscode.window.createTreeView("countersign.changes", { treeDataProvider: tree, showCollapseAll: true });
  const editors = new Editors(started);
  const documents = new Documents(started);
  const show = (): void => {
    tree.refresh();
    const waiting = started.status?.waiting ?? 0;
    view.badge = waiting === 0 ? undefined : { value: waiting, tooltip: `${waiting} to review` };
    const set = (name: string, value: unknown): unknown => vscode.commands.executeCommand("setContext", name, value);
    set("countersign.state", started.state);
    set("countersign.running", started.state === "ready");
    set("countersign.waiting", waiting > 0);
  };
  context.subscriptions.push(
    started,
    view,
    editors,
    documents,
    statusItem(started),
    vscode.window.registerFileDecorationProvider(riskBadges),
    new Commands(started, view, editors, documents).register(),
    started.onDidChange(show),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("countersign.path")) {
        void started.restart();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void started.restart()),
    vscode.workspace.onDidChangeWorkspaceFolders(() => {
      if (started.state === "nofolder") {
        void started.start();
      }
    }),
  );
  show();
  await started.start();
}

export async function deactivate(): Promise<void> {
  await session?.stop();
}

/** The server offers what it can do; a preview is for this editor to show. */
function withPreviews(lenses: vscode.CodeLens[]): vscode.CodeLens[] {
  const all: vscode.CodeLens[] = [];
  for (const lens of lenses) {
    all.push(lens);
    if (lens.command?.command === "countersign.reject") {
      const args = lens.command.arguments ?? [];
      const command = { title: "Preview", command: "countersign.preview", arguments: args };
      all.push(new vscode.CodeLens(lens.range, command));
    }
  }
  return all;
}
