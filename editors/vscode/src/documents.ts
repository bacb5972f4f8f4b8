// Virtual documents: the sides of a preview, and the page that says why.

import * as vscode from "vscode";
import { address, read, SCHEME } from "./address";
import type { Parts } from "./address";
import type { FileNode, HunkNode } from "./listing";
import { hunksOf } from "./listing";
import type { Changeset, DocumentParams } from "./protocol";
import type { Session } from "./session";
import { hunkPlace, waits } from "./words";

/** A preview follows what somebody types once they pause. */
const QUIET_MS = 200;

export class Documents implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.emitter.event;
  /** What each holds: once its hunks are decided there is no newer text, and it stays as it was. */
  private readonly texts = new Map<string, string>();
  private readonly subscriptions: vscode.Disposable;
  private pause: NodeJS.Timeout | undefined;

  constructor(private readonly session: Session) {
    const open = (): vscode.TextDocument[] =>
      vscode.workspace.textDocuments.filter((document) => document.uri.scheme === SCHEME);
    this.subscriptions = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      session.onDidChange(() => open().forEach((document) => this.emitter.fire(document.uri))),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.scheme === "file" && open().length > 0) {
          clearTimeout(this.pause);
          this.pause = setTimeout(() => open().forEach((open) => this.emitter.fire(open.uri)), QUIET_MS);
        }
      }),
      new vscode.Disposable(() => clearTimeout(this.pause)),
      vscode.workspace.onDidCloseTextDocument((document) => this.texts.delete(document.uri.toString())),
    );
  }

  dispose(): void {
    this.subscriptions.dispose();
    this.emitter.dispose();
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const params = read(uri.query);
    if (params === undefined) {
      return "";
    }
    const known = this.texts.get(uri.toString());
    try {
      const { text } = await this.session.document(params);
      this.texts.set(uri.toString(), text ?? "");
      return text ?? "";
    } catch (error) {
      return known ?? `${error instanceof Error ? error.message : String(error)}\n`;
    }
  }

  async proof(changeset: Changeset): Promise<void> {
    const uri = at(address({ changeset: changeset.id, side: "proof" }, `Why ${changeset.short}.md`));
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true });
  }

  /** Opens the difference that deciding a hunk or a file would make, or made; else the one that was captured. */
  async preview(node: HunkNode | FileNode): Promise<void> {
    const { changeset, file } = node;
    const name = file.path.slice(file.path.lastIndexOf("/") + 1);
    const numbers = hunksOf(node).map((hunk) => hunk.hunk);
    const waiting = hunksOf(node).filter(waits);
    const side = (side: DocumentParams["side"], hunks?: readonly number[]): DocumentParams => ({
      changeset: changeset.id,
      side,
      path: file.path,
      ...(hunks === undefined ? {} : { hunks }),
    });
    const now = file.uri === null ? undefined : vscode.Uri.parse(file.uri);
    const where = node.kind === "hunk" ? ` ${hunkPlace(node.hunk)}` : "";
    const show = async (left: vscode.Uri, right: vscode.Uri, what: string): Promise<void> => {
      await vscode.commands.executeCommand("vscode.diff", left, right, `${name}${where}: ${what}`, { preview: true });
    };
    const open = waiting.map((hunk) => hunk.hunk);
    const accepted = numbers.filter((hunk) => changeset.undo.includes(hunk));
    const adopted = waiting.length > 0 && waiting.every((hunk) => hunk.state === "adopted");
    if (now !== undefined && (await exists(now))) {
      if (adopted && (await this.has(side("taken_out", open)))) {
        return show(at(address(side("taken_out", open), name)), now, "without ↔ with what an agent changed");
      }
      if (open.length > 0 && !adopted && (await this.has(side("accepted", open)))) {
        return show(now, at(address(side("accepted", open), name)), "now ↔ accepted");
      }
      if (open.length === 0 && accepted.length > 0 && (await this.has(side("taken_out", accepted)))) {
        return show(at(address(side("taken_out", accepted), name)), now, "undone ↔ now");
      }
    }
    await show(at(address(side("before"), name)), at(address(side("after"), name)), "as it was captured");
  }

  private async has(params: DocumentParams): Promise<boolean> {
    return this.session.document(params).then(
      ({ text, refused }) => text !== null && refused.length === 0,
      () => false,
    );
  }
}

function at(parts: Parts): vscode.Uri {
  return vscode.Uri.from(parts);
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
