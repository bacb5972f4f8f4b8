// Virtual documents: the sides of a preview, and the page that says why.

import * as vscode from "vscode";
import { address, read, SCHEME } from "./address";
import type { Parts } from "./address";
import { hunksOf, named } from "./listing";
import type { ChangeNode, FileNode, HunkNode, Target } from "./listing";
import { inEditor } from "./page";
import type { Changeset, DocumentParams } from "./protocol";
import type { Session } from "./session";
import { hunkPlace, waits } from "./words";

/** A preview follows what somebody types once they pause. */
const QUIET_MS = 200;

/** Has every rendered page rendered anew. */
const RENDER = "markdown.preview.refresh";

/** The two sides of a preview. */
interface Sides {
  readonly left: vscode.Uri;
  readonly right: vscode.Uri;
  /** What they are, in words. */
  readonly what: string;
  /** Why it is not the text as it would be or was. */
  readonly refused: string | undefined;
}

export class Documents implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.emitter.event;
  /** What each holds: once its hunks are decided there is no newer text, and it stays as it was. */
  private readonly texts = new Map<string, string>();
  /** The pages that say why, by their names, with what was listed of their changes when they were rendered. */
  private readonly pages = new Map<string, string>();
  private readonly subscriptions: vscode.Disposable;
  private pause: NodeJS.Timeout | undefined;

  constructor(private readonly session: Session) {
    const open = (): vscode.TextDocument[] =>
      vscode.workspace.textDocuments.filter((document) => document.uri.scheme === SCHEME);
    this.subscriptions = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      session.onDidChange(() => {
        open().forEach((document) => this.emitter.fire(document.uri));
        void this.renew();
      }),
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
      const answer = await this.session.document(params);
      const text = params.side === "proof" ? inEditor(answer.text ?? "") : (answer.text ?? "");
      this.texts.set(uri.toString(), text);
      return text;
    } catch (error) {
      return known ?? `${error instanceof Error ? error.message : String(error)}\n`;
    }
  }

  /** Shows the page that says why, as it is meant to be read; as text where nothing renders it. */
  async proof(changeset: Changeset): Promise<void> {
    const uri = at(address({ changeset: changeset.id, side: "proof", uri: changeset.root }, pageName(changeset)));
    const known = isOpen(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    try {
      // Locked, so that it stays this page when another Markdown file is looked at.
      await vscode.commands.executeCommand("markdown.showPreview", uri, undefined, { locked: true });
      this.pages.set(uri.toString(), listed(changeset));
      if (!known) {
        await vscode.commands.executeCommand(RENDER);
      }
    } catch (error) {
      this.session.log.info(`the page is shown as text: ${String(error)}`);
      await vscode.window.showTextDocument(document, { preview: true });
    }
  }

  /** Has pages rendered anew whose text the editor let go of: no change of it is told any more. */
  private async renew(): Promise<void> {
    const labels = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label));
    for (const [name, before] of this.pages) {
      const uri = vscode.Uri.parse(name);
      const changeset = this.session.changesets.find(({ id }) => id === read(uri.query)?.changeset);
      if (changeset === undefined || listed(changeset) === before) {
        continue;
      }
      if (!labels.some((label) => label.includes(pageName(changeset)))) {
        this.pages.delete(name);
        continue;
      }
      this.pages.set(name, listed(changeset));
      if (!isOpen(uri)) {
        await vscode.workspace.openTextDocument(uri);
        await vscode.commands.executeCommand(RENDER);
      }
    }
  }

  /** What the preview or the page is about that somebody looks at. */
  previewed(): Target | undefined {
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    const sides = input instanceof vscode.TabInputTextDiff ? [input.modified, input.original] : [];
    const active = vscode.window.activeTextEditor?.document.uri;
    const uri = [...sides, ...(active === undefined ? [] : [active])].find(({ scheme }) => scheme === SCHEME);
    const params = uri === undefined ? undefined : read(uri.query);
    return params === undefined ? undefined : named(this.session.changesets, params);
  }

  /** Opens the difference that deciding would make, or made; else the one that was captured, and says why. */
  async preview(node: Target, preserveFocus = false): Promise<void> {
    if (node.kind === "change") {
      return this.previewAll(node);
    }
    const { left, right, what, refused } = await this.sides(node);
    const name = fileName(node);
    const where = node.kind === "hunk" ? ` ${hunkPlace(node.hunk)}` : "";
    const options = { preview: true, preserveFocus };
    await vscode.commands.executeCommand("vscode.diff", left, right, `${name}${where}: ${what}`, options);
    tell(refused === undefined ? [] : [refused]);
  }

  private async previewAll({ changeset }: ChangeNode): Promise<void> {
    const files = changeset.files.map((file): FileNode => ({ kind: "file", changeset, file }));
    const [only] = files;
    if (only !== undefined && files.length === 1) {
      return this.preview(only);
    }
    const all = await Promise.all(files.map(async (node) => ({ node, ...(await this.sides(node)) })));
    const label = (node: FileNode): vscode.Uri =>
      node.file.uri === null ? vscode.Uri.file(`/${node.file.path}`) : vscode.Uri.parse(node.file.uri);
    const rows = all.map(({ node, left, right }) => [label(node), left, right]);
    await vscode.commands.executeCommand("vscode.changes", changeset.title, rows);
    tell(all.flatMap(({ node, refused }) => (refused === undefined ? [] : [`${node.file.path}: ${refused}`])));
  }

  private async sides(node: HunkNode | FileNode): Promise<Sides> {
    const { changeset, file } = node;
    const name = fileName(node);
    const numbers = hunksOf(node).map((hunk) => hunk.hunk);
    const waiting = hunksOf(node).filter(waits);
    const side = (side: DocumentParams["side"], hunks?: readonly number[]): DocumentParams => ({
      changeset: changeset.id,
      uri: changeset.root,
      side,
      path: file.path,
      ...(hunks === undefined ? {} : { hunks }),
    });
    const there = (params: DocumentParams): vscode.Uri => at(address(params, name));
    const captured = (refused?: string): Sides => ({
      left: there(side("before")),
      right: there(side("after")),
      what: "as it was captured",
      refused,
    });
    const now = file.uri === null ? undefined : vscode.Uri.parse(file.uri);
    if (now === undefined || !(await exists(now))) {
      return captured();
    }
    const open = waiting.map((hunk) => hunk.hunk);
    const accepted = numbers.filter((hunk) => changeset.undo.includes(hunk));
    if (open.length > 0 && waiting.every((hunk) => hunk.state === "adopted")) {
      const without = side("taken_out", open);
      const refused = await this.refusal(without);
      const what = "without ↔ with what an agent changed";
      return refused === undefined ? { left: there(without), right: now, what, refused } : captured(refused);
    }
    if (open.length > 0) {
      const then = side("accepted", open);
      const refused = await this.refusal(then);
      return refused === undefined ? { left: now, right: there(then), what: "now ↔ accepted", refused } : captured(refused);
    }
    if (accepted.length > 0) {
      const undone = side("taken_out", accepted);
      const refused = await this.refusal(undone);
      return refused === undefined ? { left: there(undone), right: now, what: "undone ↔ now", refused } : captured(refused);
    }
    return captured();
  }

  /** Why there is no such text; undefined where there is. */
  private async refusal(params: DocumentParams): Promise<string | undefined> {
    return this.session.document(params).then(
      ({ text, refused }) => (text === null ? "it is no text" : refused.length === 0 ? undefined : refused.join("; ")),
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  }
}

function pageName({ short }: Changeset): string {
  return `Why ${short}.md`;
}

function isOpen(uri: vscode.Uri): boolean {
  return vscode.workspace.textDocuments.some((document) => document.uri.toString() === uri.toString());
}

/** What a page depends on, of what is listed. */
function listed({ stage, verdict, denied, proof, files }: Changeset): string {
  return JSON.stringify([stage, verdict, denied, proof, files.flatMap(({ hunks }) => hunks.map(({ state }) => state))]);
}

/** Why something is shown as it was captured, and not as it would be. */
function tell(refused: readonly string[]): void {
  if (refused.length > 0) {
    void vscode.window.showInformationMessage(`Countersign: shown as it was captured: ${refused.join("; ")}`);
  }
}

function fileName({ file }: FileNode | HunkNode): string {
  return file.path.slice(file.path.lastIndexOf("/") + 1);
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
