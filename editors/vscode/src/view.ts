// The view "Proposed changes", and the item in the status bar.

import * as vscode from "vscode";
import { again, children, context, groups, isHigh, key, parent, shown, sight } from "./listing";
import type { Node } from "./listing";
import type { Risk } from "./protocol";
import type { Session } from "./session";
import { statusText } from "./status";

export class ChangesTree implements vscode.TreeDataProvider<Node> {
  private readonly emitter = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.emitter.event;

  /** What was last to be seen. */
  private seen: string | undefined;

  constructor(private readonly session: Session) {}

  /** A click on a row that is being drawn is lost: rows are drawn anew only where they show something else. */
  refresh(): void {
    const seen = sight(this.session.changesets);
    if (seen !== this.seen) {
      this.seen = seen;
      this.emitter.fire();
    }
  }

  getChildren(node?: Node): Node[] {
    return node === undefined ? groups(this.session.changesets) : children(again(node, this.session.changesets) ?? node);
  }

  getParent(node: Node): Node | undefined {
    return parent(node, this.session.changesets);
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const { label, description, tooltip, spoken, icon, colour } = shown(node);
    const item = new vscode.TreeItem(label, collapsible(node));
    item.id = key(node);
    item.description = description;
    item.contextValue = context(node);
    item.accessibilityInformation = { label: spoken };
    if (tooltip !== "") {
      item.tooltip = new vscode.MarkdownString(tooltip);
    }
    if (node.kind === "file") {
      item.iconPath = vscode.ThemeIcon.File;
      item.resourceUri = vscode.Uri.file(`/${node.file.path}`).with({ scheme: "countersign-file" });
    } else {
      item.iconPath = new vscode.ThemeIcon(icon, colour === undefined ? undefined : new vscode.ThemeColor(colour));
    }
    if (node.kind === "change" && node.changeset.risk !== null) {
      item.resourceUri = riskUri(node.changeset.risk);
    }
    if (node.kind === "hunk") {
      item.command = { command: "countersign.showHunk", title: "Show Hunk", arguments: [node] };
    }
    return item;
  }
}

function collapsible(node: Node): vscode.TreeItemCollapsibleState {
  const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
  if (node.kind === "hunk") {
    return None;
  }
  const decided = node.kind === "group" ? node.group === "decided" : node.changeset.group === "decided";
  return decided ? Collapsed : Expanded;
}

const RISK = "countersign-risk";

/** The name of a risk, for which the badge at the end of the row is asked. */
function riskUri({ score, level }: Risk): vscode.Uri {
  return vscode.Uri.from({ scheme: RISK, path: `/${level}/${score}` });
}

/** The risk as a badge at the end of the row, where a narrow view cuts nothing off. */
export const riskBadges: vscode.FileDecorationProvider = {
  provideFileDecoration(uri) {
    const [, level, score] = uri.path.split("/");
    if (uri.scheme !== RISK || level === undefined || score === undefined) {
      return undefined;
    }
    // Two characters fit, and nothing is riskier than 100.
    const badge = score.length > 2 ? "!!" : score;
    const color = isHigh(level) ? { color: new vscode.ThemeColor("list.warningForeground") } : {};
    return { badge, tooltip: `risk ${score} ${level}`, ...color };
  },
};

export function statusItem(session: Session): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("countersign.status", vscode.StatusBarAlignment.Left, 0);
  item.name = "Countersign";
  item.command = "countersign.menu";
  const show = (): void => {
    const { text, tooltip, spoken, bad } = statusText(session.state, session.status, session.hasRepository());
    item.text = text;
    item.tooltip = tooltip;
    item.accessibilityInformation = { label: spoken };
    item.backgroundColor = bad ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    item.show();
  };
  show();
  return vscode.Disposable.from(item, session.onDidChange(show));
}
