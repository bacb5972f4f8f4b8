// Open files: the marks on lines that hunks are about, the hunks at the cursor, and going from hunk to hunk.

import * as vscode from "vscode";
import type { Documents } from "./documents";
import { hunksAt, hunksIn, hunksOf, key, lineOf } from "./listing";
import type { FileNode, HunkNode } from "./listing";
import type { Session } from "./session";
import { neighbour, way } from "./way";
import type { Place } from "./way";
import { hunkState, judged, waits } from "./words";

type Look = "proposed" | "denied" | "adopted";

const LOOKS: readonly Look[] = ["proposed", "denied", "adopted"];

export class Editors implements vscode.Disposable {
  private readonly types = new Map(LOOKS.map((look) => [look, decoration(look)]));
  private readonly subscriptions: vscode.Disposable;
  /** The hunk that somebody went to, as long as the cursor stays where that put it. */
  private visited: Place | undefined;

  constructor(
    private readonly session: Session,
    private readonly documents: Documents,
  ) {
    this.subscriptions = vscode.Disposable.from(
      session.onDidChange(() => this.show()),
      vscode.window.onDidChangeVisibleTextEditors(() => this.show()),
      vscode.window.onDidChangeActiveTextEditor(() => this.show()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("countersign.decorations")) {
          this.show();
        }
      }),
    );
    this.show();
  }

  dispose(): void {
    this.subscriptions.dispose();
    this.types.forEach((type) => type.dispose());
  }

  /** The hunks at the cursor, by a list that is of the text as it is. */
  async atCursor(): Promise<HunkNode[]> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
      return [];
    }
    if (!this.session.hasListed(editor.document)) {
      await this.session.refresh();
    }
    const here = hunksIn(this.session.changesets, editor.document.uri.toString());
    return hunksAt(here, editor.selection.active.line);
  }

  /** Goes to the next or the previous hunk, in another file after the last of this one. */
  async goToNeighbour(forward: boolean): Promise<void> {
    const { document } = vscode.window.activeTextEditor ?? {};
    if (document !== undefined && !this.session.hasListed(document)) {
      await this.session.refresh();
    }
    const hunk = neighbour(way(this.session.changesets), this.place(), forward);
    if (hunk === undefined) {
      vscode.window.setStatusBarMessage("Countersign: no hunk waits to be looked at", 5000);
      return;
    }
    await this.goTo(hunk);
    vscode.window.setStatusBarMessage(`Countersign: ${hunk.changeset.title}, ${judged(hunk.changeset)}`, 5000);
  }

  private place(): Place | undefined {
    const previewed = this.documents.previewed();
    if (previewed !== undefined) {
      const file = previewed.kind === "change" ? previewed.changeset.files[0] : previewed.file;
      const [hunk] = hunksOf(previewed);
      if (file !== undefined && hunk !== undefined) {
        const node: HunkNode = { kind: "hunk", changeset: previewed.changeset, file, hunk };
        return { file: file.uri ?? file.path, line: lineOf(node), hunk: key(node) };
      }
    }
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
      return undefined;
    }
    const place = { file: editor.document.uri.toString(), line: editor.selection.active.line };
    const { visited } = this;
    return visited?.file === place.file && visited.line === place.line ? visited : place;
  }

  /** Shows a hunk, or the first one of a file, where it is; in a preview where there is no text to show it in. */
  async goTo(node: HunkNode | FileNode, preserveFocus = false): Promise<void> {
    const hunk = hunksOf(node)[0];
    const uri = node.file.uri === null ? undefined : vscode.Uri.parse(node.file.uri);
    const document = uri === undefined || hunk?.whole === true ? undefined : await text(uri);
    if (document === undefined) {
      return this.documents.preview(node, preserveFocus);
    }
    const first = hunk?.range?.start.line ?? hunk?.line ?? 0;
    const line = Math.min(first, document.lineCount - 1);
    const at = new vscode.Range(line, 0, line, 0);
    const before = vscode.window.activeTextEditor;
    // Who asks once more for what is shown already wants to go there.
    const there = before?.document === document && before.selection.active.line === line;
    await vscode.window.showTextDocument(document, { selection: at, preview: true, preserveFocus: preserveFocus && !there });
    const name = hunk === undefined ? undefined : key({ kind: "hunk", changeset: node.changeset, file: node.file, hunk });
    this.visited = { file: document.uri.toString(), line, hunk: name };
  }

  private show(): void {
    const wanted = vscode.workspace.getConfiguration("countersign").get("decorations", true);
    const waiting = (document: vscode.TextDocument): HunkNode[] =>
      hunksIn(this.session.changesets, document.uri.toString()).filter(({ hunk }) => waits(hunk));
    for (const editor of vscode.window.visibleTextEditors) {
      const hunks = waiting(editor.document);
      for (const [look, type] of this.types) {
        const marked = wanted ? hunks.filter((hunk) => lookOf(hunk) === look) : [];
        editor.setDecorations(type, marked.map(options));
      }
    }
    const active = vscode.window.activeTextEditor;
    const here = active !== undefined && waiting(active.document).length > 0;
    void vscode.commands.executeCommand("setContext", "countersign.hunksHere", here);
  }
}

/** What a file holds; undefined where it is not there, or is no text. */
async function text(uri: vscode.Uri): Promise<vscode.TextDocument | undefined> {
  return vscode.workspace.openTextDocument(uri).then(
    (document) => document,
    () => undefined,
  );
}

function lookOf({ changeset, hunk }: HunkNode): Look {
  if (changeset.group === "denied") {
    return "denied";
  }
  return hunk.state === "adopted" ? "adopted" : "proposed";
}

function options({ changeset, hunk }: HunkNode): vscode.DecorationOptions {
  const { start, end } = hunk.range ?? { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
  const range = new vscode.Range(start.line, start.character, end.line, end.character);
  return { range, hoverMessage: [], renderOptions: after(changeset.group === "waiting" ? "" : hunkState(changeset, hunk)) };
}

function after(text: string): vscode.DecorationInstanceRenderOptions {
  return text === ""
    ? {}
    : { after: { contentText: text, margin: "0 0 0 2em", color: new vscode.ThemeColor("editorCodeLens.foreground") } };
}

function decoration(look: Look): vscode.TextEditorDecorationType {
  const border = new vscode.ThemeColor(`countersign.${look}Border`);
  return vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor(`countersign.${look}Background`),
    // A border besides the colour, so that it is seen without colours as well.
    borderColor: border,
    borderStyle: look === "denied" ? "double" : "solid",
    borderWidth: look === "denied" ? "0 0 0 5px" : "0 0 0 3px",
    overviewRulerColor: border,
    overviewRulerLane: vscode.OverviewRulerLane.Left,
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
}
