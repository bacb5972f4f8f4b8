// The library's client, which says less while it goes.

import { LanguageClient } from "vscode-languageclient/node";

export class Client extends LanguageClient {
  /** Whether it is being ended on purpose: what fails because of that is nobody's trouble, and only logged. */
  leaving = false;

  override error(message: string, data?: unknown, showNotification: boolean | "force" = true): void {
    super.error(message, data, this.leaving ? false : showNotification);
  }
}
