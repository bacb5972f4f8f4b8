// The server, as long as the editor lives: found, started, started again, ended; and what it last listed.

import * as fs from "node:fs";
import * as os from "node:os";
import * as vscode from "vscode";
import {
  CloseAction,
  CodeLensRequest,
  ErrorAction,
  ErrorCodes,
  ExecuteCommandRequest,
  LSPErrorCodes,
  MessageType,
  ResponseError,
  ShowMessageNotification,
  State as ClientState,
} from "vscode-languageclient/node";
import type { ClientCapabilities, ErrorHandler, Executable, Middleware, StaticFeature } from "vscode-languageclient/node";
import * as protocol from "./protocol";
import type { Changeset, DocumentParams, DocumentText, Status } from "./protocol";
import { Client } from "./client";
import { Endings } from "./endings";
import { findProgram } from "./program";
import type { Found } from "./program";
import { Refusals } from "./refusals";
import { isInRepository } from "./repository";
import * as restricted from "./restricted";
import type { State } from "./status";

export interface CommandArguments {
  readonly changeset: string;
  readonly hunks?: readonly number[];
  readonly reason?: string;
}

/** How long what the server says stays in the status bar. */
const SAID_MS = 8000;

export class Session implements vscode.Disposable {
  state: State = "starting";
  status: Status | undefined;
  changesets: readonly Changeset[] = [];
  /** Why there is no program, where there is none. */
  missing: "setting" | "nowhere" | undefined;

  private client: Client | undefined;
  /** Starts and restarts, one after the other. */
  private queue: Promise<void> = Promise.resolve();
  private refreshing: Promise<void> | undefined;
  private outdated = false;
  private told = false;
  /** Which versions of programs that are not ours were told. */
  private readonly toldVersions = new Set<string>();
  private readonly refusals = new Refusals();
  /** Of which versions of the open documents the list is. */
  private listed: ReadonlyMap<string, number> = new Map();
  private readonly changedEmitter = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changedEmitter.event;
  readonly log = vscode.window.createOutputChannel("Countersign", { log: true });

  constructor(
    private readonly extension: vscode.Uri,
    private readonly version: string,
    private readonly middleware: Middleware,
  ) {}

  dispose(): void {
    this.changedEmitter.dispose();
    this.log.dispose();
  }

  start(): Promise<void> {
    return this.queued(() => this.startNow());
  }

  restart(): Promise<void> {
    this.told = false;
    return this.queued(async () => {
      await this.stopNow();
      await this.startNow();
    });
  }

  stop(): Promise<void> {
    return this.queued(() => this.stopNow());
  }

  private queued(work: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(work, work);
    return this.queue;
  }

  /** The program that runs or would, or why there is none. */
  program(): Found {
    return findProgram({
      setting: vscode.workspace.getConfiguration("countersign").get("path", ""),
      path: process.env["PATH"],
      extension: this.extension.fsPath,
      home: os.homedir(),
      windows: process.platform === "win32",
      executable: isExecutable,
    });
  }

  /** The folder that a person is in, of several. */
  folder(): vscode.WorkspaceFolder | undefined {
    const active = vscode.window.activeTextEditor?.document.uri;
    const around = active?.scheme === "file" ? vscode.workspace.getWorkspaceFolder(active) : undefined;
    return around ?? localFolders()[0];
  }

  /** Whether a folder that is open is in a git repository: the server knows only those that have a ledger. */
  hasRepository(): boolean {
    const { roots } = this.status ?? { roots: [] };
    return roots.length > 0 || localFolders().some(({ uri }) => isInRepository(uri.fsPath, fs.existsSync));
  }

  private async startNow(): Promise<void> {
    const folder = this.folder();
    if (folder === undefined) {
      return this.become("nofolder");
    }
    const found = this.program();
    this.missing = found.file === undefined ? found.by : undefined;
    if (found.file === undefined) {
      this.log.warn(found.reason);
      this.become("missing");
      void this.tellMissing(found.reason);
      return;
    }
    this.log.info(`starting ${found.file} (${found.by})`);
    this.become("starting");
    const env = vscode.workspace.isTrusted ? process.env : { ...process.env, ...restricted.environment };
    const run: Executable = { command: found.file, args: ["lsp"], options: { cwd: folder.uri.fsPath, env } };
    const client = new Client("countersign", "Countersign", run, {
      documentSelector: [{ scheme: "file" }],
      outputChannel: this.log,
      errorHandler: this.errorHandler(),
      middleware: this.middleware,
    });
    client.registerFeature(hearsChanges);
    client.onNotification(protocol.changed, (status) => {
      this.status = status;
      void this.refresh();
    });
    client.onNotification(ShowMessageNotification.type, ({ type, message }) => this.say(type, message));
    client.onDidChangeState(({ newState }) => this.clientIs(client, newState));
    this.client = client;
    try {
      await client.start();
    } catch (error) {
      this.log.error(String(error));
      this.become("stopped");
    }
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client === undefined) {
      return;
    }
    client.leaving = true;
    try {
      await client.dispose();
    } catch (error) {
      this.log.warn(`the server did not end in order: ${String(error)}`);
    }
  }

  private errorHandler(): ErrorHandler {
    const endings = new Endings();
    return {
      // What cannot be written says that the server is going. That it is gone is told next, and is what is answered: the
      // library's own handler would give up here, and the server would not be started again.
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        if (endings.again(Date.now())) {
          return { action: CloseAction.Restart, handled: true };
        }
        void this.tellEnded();
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    };
  }

  private clientIs(client: Client, state: ClientState): void {
    if (client !== this.client) {
      return;
    }
    switch (state) {
      case ClientState.Running:
        this.become("ready");
        void this.refresh();
        break;
      case ClientState.Starting:
        this.become("starting");
        break;
      default:
        this.become("stopped");
    }
  }

  private become(state: State): void {
    this.state = state;
    if (state !== "ready") {
      this.status = undefined;
      this.changesets = [];
    }
    this.changedEmitter.fire();
  }

  /** Has the editor ask for the code lenses again. */
  askForLenses(): void {
    const feature = this.client?.getFeature(CodeLensRequest.method);
    for (const document of vscode.workspace.textDocuments) {
      feature?.getProvider(document)?.onDidChangeCodeLensEmitter.fire();
    }
  }

  /** What went well is said in passing; what did not, so that it is seen. All of it is in the log. */
  private say(type: MessageType, message: string): void {
    if (!this.refusals.says(message)) {
      this.log.info(message);
      return;
    }
    switch (type) {
      case MessageType.Error:
        this.log.error(message);
        void vscode.window.showErrorMessage(`Countersign: ${message}`);
        break;
      case MessageType.Warning:
        this.log.warn(message);
        void vscode.window.showWarningMessage(`Countersign: ${message}`);
        break;
      default:
        this.log.info(message);
        vscode.window.setStatusBarMessage(`Countersign: ${message.split("\n")[0] ?? ""}`, SAID_MS);
    }
  }

  private async tellMissing(reason: string): Promise<void> {
    if (this.told) {
      return;
    }
    this.told = true;
    const [path, again] = ["Say Where It Is", "Try Again"];
    const chosen = await vscode.window.showWarningMessage(`Countersign cannot start: ${reason}.`, path, again);
    if (chosen === path) {
      await vscode.commands.executeCommand("countersign.setPath");
    } else if (chosen === again) {
      await this.restart();
    }
  }

  private async tellEnded(): Promise<void> {
    const [again, log] = ["Restart", "Show Log"];
    const told = "Countersign: the server keeps ending by itself, so it was not started again.";
    const chosen = await vscode.window.showErrorMessage(told, again, log);
    if (chosen === again) {
      await this.restart();
    } else if (chosen === log) {
      this.log.show();
    }
  }

  private async tellRestricted(): Promise<void> {
    const manage = "Manage Trust";
    const told = "Countersign: this has something run for the workspace. Trust it first.";
    if ((await vscode.window.showWarningMessage(told, manage)) === manage) {
      await vscode.commands.executeCommand("workbench.trust.manage");
    }
  }

  private async tellVersion(other: string): Promise<void> {
    if (other === this.version || this.toldVersions.has(other)) {
      return;
    }
    this.toldVersions.add(other);
    const told =
      `Countersign: the program has version ${other}, this extension ${this.version}. ` +
      "What one does not know of the other is missing here.";
    const path = "Say Where Another Is";
    if ((await vscode.window.showWarningMessage(told, path, "Go On")) === path) {
      await vscode.commands.executeCommand("countersign.setPath");
    }
  }

  /** Whether the list knows a document as it is: what it says of places is of that text. */
  hasListed(document: vscode.TextDocument): boolean {
    return this.listed.get(document.uri.toString()) === document.version;
  }

  /** Asks for the list again; however often that is wanted meanwhile, once more afterwards. Done when nothing is wanted. */
  refresh(): Promise<void> {
    this.outdated = true;
    this.refreshing ??= this.refreshNow().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  private async refreshNow(): Promise<void> {
    while (this.outdated) {
      this.outdated = false;
      const client = this.client;
      if (client?.isRunning() !== true) {
        return;
      }
      const documents = vscode.workspace.textDocuments;
      const versions = new Map(documents.map((document) => [document.uri.toString(), document.version]));
      try {
        const { status, changesets } = await client.sendRequest(protocol.changesets, {});
        // Another server may be there by now, which was told to list everything anew.
        if (client !== this.client) {
          continue;
        }
        this.status = status;
        this.changesets = changesets;
        this.listed = versions;
        this.changedEmitter.fire();
        void this.tellVersion(status.version);
      } catch (error) {
        this.log.warn(`no list: ${String(error)}`);
      }
    }
  }

  /** Has the server do something. It says itself what came of it; what it refuses without a word is told here. */
  async command(command: string, argument: CommandArguments | { readonly uri: string } | object): Promise<unknown> {
    const client = this.client;
    if (client?.isRunning() !== true) {
      void vscode.window.showWarningMessage("Countersign: the server is not running.");
      return undefined;
    }
    if (!vscode.workspace.isTrusted && restricted.needsTrust(command)) {
      return this.tellRestricted();
    }
    try {
      return await client.sendRequest(ExecuteCommandRequest.type, { command, arguments: [argument] });
    } catch (error) {
      this.log.warn(`${command}: ${String(error)}`);
      void this.tellRefused(command, error);
      return undefined;
    }
  }

  private async tellRefused(command: string, error: unknown): Promise<void> {
    const what = command.replace("countersign.", "");
    if (error instanceof ResponseError && error.code !== LSPErrorCodes.RequestCancelled && !isLoss(error)) {
      if (this.refusals.refuses(error.message)) {
        void vscode.window.showErrorMessage(`Countersign: could not ${what}: ${error.message}`);
      }
      return;
    }
    if (error instanceof ResponseError && !isLoss(error)) {
      return;
    }
    const list = "Show the List";
    const told = `Countersign: the server ended while it was to ${what}. Look at the list, once it is back, for what came of it.`;
    if ((await vscode.window.showWarningMessage(told, list)) === list) {
      await vscode.commands.executeCommand("countersign.changes.focus");
    }
  }

  /** A text of a change; throws with the reason where there is none. */
  async document(params: DocumentParams): Promise<DocumentText> {
    if (this.client?.isRunning() !== true) {
      throw new Error("the server is not running");
    }
    return this.client.sendRequest(protocol.document, params);
  }
}

/** Says to the server that it may tell when its list has changed. */
const hearsChanges: StaticFeature = {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    capabilities.experimental = { ...capabilities.experimental, countersign: { changed: true } };
  },
  initialize(): void {},
  getState: () => ({ kind: "static" }),
  clear(): void {},
};

/** Whether there is no answer because the connection is over. */
function isLoss({ code }: ResponseError<unknown>): boolean {
  return code === ErrorCodes.PendingResponseRejected || code === ErrorCodes.ConnectionInactive;
}

function localFolders(): readonly vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === "file");
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
