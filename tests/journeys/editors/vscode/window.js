// One window of the real VS Code in a real browser: what a person does there, and what they see. Nothing here waits for time
// to pass: every wait is for something to be seen.

"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { execFileSync } = require("node:child_process");

const TREE = ".pane-body .tree-explorer-viewlet-tree-view .monaco-list-row";
const EDITOR = ".part.editor .editor-group-container.active .editor-instance";

class Window {
  constructor(page, folder, env) {
    this.page = page;
    this.folder = folder;
    this.env = env;
  }

  // --- the disk and the ledger

  disk(file) {
    return fs.readFileSync(path.join(this.folder, file), "utf8");
  }

  write(file, text) {
    const at = path.join(this.folder, file);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, text);
  }

  countersign(...args) {
    return execFileSync("countersign", args, { cwd: this.folder, env: this.env, encoding: "utf8" });
  }

  changes() {
    return JSON.parse(this.countersign("list", "--format", "json")).changes;
  }

  ledger(file) {
    const hunks = this.changes().flatMap((change) => change.hunks);
    return hunks.filter((hunk) => hunk.path === file).map((hunk) => hunk.state).sort().join(", ");
  }

  // --- waiting

  /** Until `look` answers something that holds; its last answer is part of the failure. */
  async until(what, look, timeout = 60000) {
    const end = Date.now() + timeout;
    let last;
    for (;;) {
      try {
        last = await look();
        if (last === true) return;
      } catch (error) {
        last = error.message;
      }
      if (Date.now() > end) throw new Error(`never: ${what}; last: ${JSON.stringify(last)}`);
      await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done())));
    }
  }

  async untilLedger(file, wanted) {
    await this.until(`the hunks of ${file} are ${wanted}`, () => {
      const now = this.ledger(file);
      return now === wanted || now;
    });
  }

  async untilDisk(file, wanted) {
    await this.until(`${file} on disk`, () => this.disk(file) === wanted || this.disk(file));
  }

  // --- the workbench

  static async open(page, base, folder, env) {
    const window = new Window(page, folder, env);
    await page.goto(`${base}/?folder=${encodeURIComponent(folder)}`);
    await page.waitForSelector(".monaco-workbench .part.editor");
    return window;
  }

  /** Runs a command by its name, from the palette, as a person does. */
  async command(title) {
    const input = this.page.locator(".quick-input-widget input.input");
    let again = false;
    await this.until(`the command ${title}`, async () => {
      // An open palette does not learn that a command has become possible.
      if (again) await this.page.keyboard.press("Escape");
      again = true;
      await this.page.keyboard.press("F1");
      await input.waitFor({ state: "visible", timeout: 5000 });
      await input.fill(`>${title}`, { timeout: 5000 });
      const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first();
      await row.waitFor({ state: "visible", timeout: 5000 });
      await row.click({ timeout: 5000 });
      return true;
    });
  }

  /** That the palette does not offer a command. */
  async isNoCommand(title) {
    const input = this.page.locator(".quick-input-widget input.input");
    await this.page.keyboard.press("F1");
    await input.fill(`>${title}`);
    const rows = this.page.locator(".quick-input-list .monaco-list-row");
    await rows.filter({ hasText: /No matching commands|similar commands/ }).first().waitFor();
    assert.equal(await rows.filter({ hasText: title }).count(), 0, `${title} is offered`);
    await this.page.keyboard.press("Escape");
    await input.waitFor({ state: "hidden" });
  }

  /** Takes one of the code actions at the cursor. */
  async action(title) {
    const row = this.page.locator(".action-widget .monaco-list-row", { hasText: title }).first();
    await this.until(`the action ${title}`, async () => {
      // Pressed once more, the first one would be taken.
      if ((await this.page.locator(".action-widget").count()) === 0) await this.page.keyboard.press("Control+.");
      await row.click({ timeout: 5000 });
      return true;
    });
  }

  async openFile(file) {
    const input = this.page.locator(".quick-input-widget input.input");
    const name = path.basename(file);
    await this.until(`${file} is open`, async () => {
      await this.page.keyboard.press("Control+P");
      await input.waitFor({ state: "visible", timeout: 5000 });
      await input.fill(file, { timeout: 5000 });
      const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first();
      await row.waitFor({ state: "visible", timeout: 5000 });
      await row.click({ timeout: 5000 });
      await this.page.locator(`.tab.active[data-resource-name="${name}"]`).first().waitFor({ timeout: 5000 });
      return true;
    });
    await this.page.waitForSelector(`${EDITOR} .view-line`);
  }

  /** The text of the active editor, as far as it is on screen: journeys use files that fit. */
  async buffer() {
    return this.page.evaluate((editor) => {
      const lines = [...document.querySelectorAll(`${editor} .view-lines .view-line`)];
      const top = (line) => parseFloat(line.style.top);
      const text = (line) => line.textContent.replaceAll("\u00a0", " ").replaceAll("\u200b", "");
      return lines.sort((a, b) => top(a) - top(b)).map(text).join("\n");
    }, EDITOR);
  }

  async untilBuffer(wanted) {
    await this.until("the text in the editor", async () => {
      const now = await this.buffer();
      return now === wanted || now;
    });
  }

  /** Puts the cursor at the start of a line, from 1. */
  async goToLine(number) {
    const input = this.page.locator(".quick-input-widget input.input");
    await this.until(`the cursor on line ${number}`, async () => {
      await this.page.keyboard.press("Control+G");
      await input.waitFor({ state: "visible", timeout: 5000 });
      await input.fill(`:${number}`, { timeout: 5000 });
      await this.page.keyboard.press("Enter");
      await input.waitFor({ state: "hidden", timeout: 5000 });
      return (await this.line()) === number || (await this.line());
    });
  }

  /** The line of the cursor, from 1. */
  async line() {
    const text = await this.page.locator(".statusbar-item[id='status.editor.selection']").innerText();
    return Number(/Ln (\d+)/.exec(text)?.[1]);
  }

  async save() {
    await this.page.keyboard.press("Control+S");
  }

  /** Presses one of the buttons above the text. */
  async title(name) {
    const button = this.page.locator(`.editor-group-container.active .editor-actions .action-label[aria-label^="${name}"]`);
    await this.until(`the button ${name} above the text`, async () => {
      await button.first().click({ timeout: 5000 });
      return true;
    });
  }

  // --- what Countersign shows

  /** What the page that says why reads as, once it is rendered. */
  async why() {
    const read = (frame) => frame.evaluate(() => document.querySelector("body.vscode-body")?.innerText ?? "").catch(() => "");
    return (await Promise.all(this.page.frames().map(read))).join("");
  }

  /** What there is to read of Countersign, one line each. */
  async seen() {
    const plain = (text) => text.replace(/[\s\u00a0]+/g, " ").trim();
    const label = (row) => row.getAttribute("aria-label");
    const rows = await this.rows().evaluateAll((all) => all.map((row) => row.getAttribute("aria-label") ?? ""));
    const title = await label(this.page.locator(".editor-group-container.active .tab.active").first());
    const headings = await Promise.all(
      this.page.frames().map((frame) => frame.locator("body.vscode-body :is(h1, h2)").allInnerTexts().catch(() => [])),
    );
    const lines = [
      ...rows.map((row) => `row: ${plain(row)}`),
      `title: ${plain(title)}`,
      ...(await this.lenses()).map((lens) => `lens: ${plain(lens)}`),
      ...headings.flat().map((heading) => `heading: ${plain(heading)}`),
      `status: ${await this.status()}`,
    ];
    // What looks like a key stays out of files, and digests are of everything else.
    return `${lines.join("\n").replace(/AKIA\w+|\b[0-9a-f]{12}\b/g, "…")}\n`;
  }

  async untilWhy(...wanted) {
    await this.page.locator('.tab.active[data-resource-name*="Why "], .tab.active[aria-label*="Why "]').first().waitFor();
    await this.until(`the page with ${wanted}`, async () => {
      const text = await this.why();
      return (wanted.every((part) => text.includes(part)) && !text.includes("## ")) || text;
    });
  }

  async lens(text, nth = 0) {
    const lens = this.page.locator(`${EDITOR} .codelens-decoration a`, { hasText: new RegExp(`^${text}$`) }).nth(nth);
    await this.until(`the lens ${text}`, async () => {
      await lens.click({ timeout: 5000 });
      return true;
    });
  }

  async lenses() {
    return this.page.locator(`${EDITOR} .codelens-decoration a`).allInnerTexts();
  }

  async untilLenses(count) {
    await this.until(`${count} hunks with lenses`, async () => {
      const shown = (await this.lenses()).filter((text) => text.startsWith("Reject"));
      return shown.length === count || (await this.lenses());
    });
  }

  async focusView() {
    await this.command("Countersign: Focus on Proposed Changes View");
  }

  rows() {
    return this.page.locator(TREE);
  }

  row(text, nth = 0) {
    return this.page.locator(TREE, { hasText: text }).nth(nth);
  }

  async untilRow(text) {
    await this.until(`a row with ${text}`, async () => {
      const all = await this.rows().allInnerTexts();
      const shown = all.map((row) => row.replaceAll("\n", " ").replaceAll("\u00a0", " "));
      return shown.some((row) => row.includes(text)) || shown;
    });
  }

  async expand(text) {
    const row = this.row(text);
    await this.until(`${text} is unfolded`, async () => {
      if ((await row.getAttribute("aria-expanded", { timeout: 5000 })) === "true") return true;
      await row.locator(".monaco-tl-twistie").click({ timeout: 5000 });
      return false;
    });
  }

  /** Presses one of the buttons of a row: once more where the row was drawn anew beneath the mouse, and nothing was pressed. */
  async button(text, name, nth = 0) {
    const row = this.row(text, nth);
    await this.until(`the button ${name} of ${text}`, async () => {
      await row.hover({ timeout: 5000 });
      await this.page.evaluate(() => {
        globalThis.pressed = undefined;
        const note = (event) => (globalThis.pressed = event.target.closest?.(".action-label")?.getAttribute("aria-label") ?? "nothing");
        document.addEventListener("click", note, { capture: true, once: true });
      });
      await row.locator(`.actions .action-label[aria-label^="${name}"]`).first().click({ timeout: 5000 });
      const pressed = await this.page.evaluate(() => globalThis.pressed);
      return pressed?.startsWith(name) === true || `pressed ${pressed}`;
    });
  }

  async status() {
    const item = this.page.locator(".statusbar-item[id='countersign.countersign.countersign.status'], .statusbar-item[id*='countersign.status']");
    return (await item.first().innerText()).trim();
  }

  async untilStatus(wanted) {
    await this.until(`the status ${wanted}`, async () => {
      const now = await this.status();
      return now === wanted || now;
    });
  }

  async answer(text) {
    const input = this.page.locator(".quick-input-widget input.input");
    await input.waitFor({ state: "visible" });
    await input.fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** Waits for a notification, and takes what it offers: in the list of all, if it went away by itself meanwhile. */
  async takeOffer(notification, button) {
    const item = this.page.locator(".notification-list-item", { hasText: notification });
    await item.first().waitFor({ state: "attached" });
    await this.until(`${button} of ${notification}`, async () => {
      const offered = item.locator(".monaco-button", { hasText: button }).first();
      if (!(await offered.isVisible())) await this.command("Notifications: Show Notifications");
      await offered.click({ timeout: 5000 });
      return true;
    });
  }

  /** What notifications say that something went wrong. */
  async troubles() {
    const all = this.page.locator(".notification-list-item:has(.codicon-error, .codicon-warning) .notification-list-item-message");
    return (await all.allInnerTexts()).filter((text) => text.includes("Countersign") || text.includes("countersign"));
  }

  /** The processes that serve this folder. */
  servers() {
    const serves = (pid) => {
      try {
        const words = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        const here = fs.readlinkSync(`/proc/${pid}/cwd`) === fs.realpathSync(this.folder);
        return here && words[1] === "lsp" && path.basename(words[0]) === "countersign";
      } catch {
        return false;
      }
    };
    return fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name) && serves(name)).map(Number);
  }
}

module.exports = { Window, TREE, EDITOR };
