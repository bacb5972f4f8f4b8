// Open files: the marks on lines that hunks are about, and going from hunk to hunk.

import * as vscode from "vscode";
import { hunkAt, hunksIn, neighbour } from "./listing";
import type { HunkNode } from "./listing";
import type { Session } from "./session";
import { hunkState, judged } from "./words";

type Look = "proposed" | "denied" | "adopted";

const LOOKS: readonly Look[] = ["proposed", "denied", "adopted"];

export class Editors implements vscode.Disposable {
  private readonly types = new Map(LOOKS.map((look) => [look, decoration(look)]));
  private readonly subscriptions: vscode.Disposable;

  constructor(private readonly session: Session) {
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

  /** The hunks of a document, where they are now as far as the server said. */
  hunks(document: vscode.TextDocument): HunkNode[] {
    return hunksIn(this.session.changesets, document.uri.toString());
  }

  /** The hunk that the cursor is at. */
  current(): HunkNode | undefined {
    const editor = vscode.window.activeTextEditor;
    return editor === undefined ? undefined : hunkAt(this.hunks(editor.document), editor.selection.active.line);
  }

  goToNeighbour(forward: boolean): void {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
      return;
    }
    const hunk = neighbour(this.hunks(editor.document), editor.selection.active.line, forward);
    if (hunk?.hunk.range != null) {
      const at = new vscode.Position(hunk.hunk.range.start.line, 0);
      editor.selection = new vscode.Selection(at, at);
      editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
      vscode.window.setStatusBarMessage(`Countersign: ${hunk.changeset.title}, ${judged(hunk.changeset)}`, 5000);
    } else {
      vscode.window.setStatusBarMessage("Countersign: no hunk waits in this file", 5000);
    }
  }

  private show(): void {
    const wanted = vscode.workspace.getConfiguration("countersign").get("decorations", true);
    for (const editor of vscode.window.visibleTextEditors) {
      const hunks = this.hunks(editor.document).filter(({ changeset }) => changeset.shown);
      for (const [look, type] of this.types) {
        const marked = wanted ? hunks.filter((hunk) => lookOf(hunk) === look) : [];
        editor.setDecorations(type, marked.map(options));
      }
    }
    const active = vscode.window.activeTextEditor;
    const here = active !== undefined && this.hunks(active.document).length > 0;
    void vscode.commands.executeCommand("setContext", "countersign.hunksHere", here);
  }
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
