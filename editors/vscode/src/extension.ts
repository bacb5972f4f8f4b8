// The extension: wires the parts together, and nothing else. Start at `Session` for the server, `listing` for what is shown.

import * as vscode from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import { Commands } from "./commands";
import { Documents } from "./documents";
import { Editors } from "./editors";
import { context as flags } from "./listing";
import { cancel } from "./menu";
import * as restricted from "./restricted";
import { Session } from "./session";
import { isUnderWay } from "./status";
import { Targets } from "./targets";
import { ChangesTree, riskBadges, statusItem } from "./view";

let session: Session | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const middleware: Middleware = {
    // The server explains in one message; here there is a page for it.
    executeCommand: (command, args) => {
      if (command === "countersign.why") {
        return vscode.commands.executeCommand("countersign.proof", args[0]);
      }
      if (command === "countersign.cancel" && args[0] === undefined && session !== undefined) {
        return cancel(session);
      }
      return session?.command(command, (args[0] as object | undefined) ?? {});
    },
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
  const started = new Session(context.extensionUri, versionOf(context), middleware);
  session = started;
  const tree = new ChangesTree(started);
  const view = vscode.window.createTreeView("countersign.changes", { treeDataProvider: tree, showCollapseAll: true });
  const documents = new Documents(started);
  const editors = new Editors(started, documents);
  const targets = new Targets(started, view, editors, documents);
  const show = (): void => {
    tree.refresh();
    const waiting = started.status?.waiting ?? 0;
    view.badge = waiting === 0 ? undefined : { value: waiting, tooltip: `${waiting} to review` };
    set("countersign.state", welcome(started));
    set("countersign.running", started.state === "ready");
    set("countersign.waiting", waiting > 0);
    set("countersign.tasks", started.status?.tasks.some(isUnderWay) === true);
    showPreviewed();
  };
  // What can be decided from where somebody reads it.
  const showPreviewed = (): void => {
    const previewed = documents.previewed();
    set("countersign.previewed", previewed === undefined ? "" : flags(previewed));
  };
  context.subscriptions.push(
    started,
    view,
    editors,
    documents,
    statusItem(started),
    vscode.window.registerFileDecorationProvider(riskBadges),
    new Commands(started, targets, editors, documents).register(),
    started.onDidChange(show),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("countersign.path")) {
        void started.restart();
      }
      if (event.affectsConfiguration("countersign.codeLens")) {
        started.askForLenses();
      }
    }),
    vscode.window.tabGroups.onDidChangeTabs(showPreviewed),
    vscode.window.tabGroups.onDidChangeTabGroups(showPreviewed),
    vscode.window.onDidChangeActiveTextEditor(showPreviewed),
    appears(".git/HEAD", () => {
      if (started.state === "ready" && started.status?.roots.length === 0) {
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

function set(name: string, value: unknown): void {
  void vscode.commands.executeCommand("setContext", name, value);
}

/** What the empty view says. */
function welcome(session: Session): string {
  switch (session.state) {
    case "missing":
      return session.missing === "setting" ? "wrongpath" : "missing";
    case "ready":
      return session.status === undefined ? "looking" : session.hasRepository() ? "ready" : "norepository";
    default:
      return session.state;
  }
}

function versionOf({ extension }: vscode.ExtensionContext): string {
  const { version } = extension.packageJSON as { version: string };
  return version;
}

/** Has something done when a file appears in the workspace. */
function appears(file: string, then: () => void): vscode.Disposable {
  const watcher = vscode.workspace.createFileSystemWatcher(`**/${file}`, false, true, true);
  return vscode.Disposable.from(watcher, watcher.onDidCreate(then));
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
