// The pictures of the documentation, taken of the real program. They replace those in `editors/vscode/pictures`.

"use strict";

const path = require("node:path");

const SIZE = { width: 1100, height: 620 };

async function pictures(window, given) {
  const { page } = window;
  const file = "src/queue.rs";
  const shot = async (name) => {
    // Toasts, tooltips and a blinking cursor belong to the moment.
    await page.mouse.move(SIZE.width / 2, SIZE.height - 4);
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: path.join(given.pictures, `${name}.png`), animations: "disabled", caret: "hide" });
  };
  await page.setViewportSize(SIZE);
  await window.untilStatus("4 to review");
  await window.focusView();
  await window.openFile(file);
  await window.untilLenses(2);
  await window.goToLine(3);
  await window.row("queue.is_empty()").waitFor();
  await page.locator(".activitybar .badge-content", { hasText: /^4$/ }).waitFor();
  await shot("review");

  await window.lens("Preview", 0);
  await page.locator(".monaco-diff-editor .editor.modified .view-line", { hasText: "is_empty" }).first().waitFor();
  await page.locator(".monaco-diff-editor .char-insert").first().waitFor();
  await shot("preview");
  await window.command("View: Close Editor");

  await window.focusView();
  await window.button("patch leak.patch", "Show Why");
  await window.untilWhy("Verdict: deny");
  await shot("why");
  await window.command("View: Close Editor");

  window.write(".vscode/settings.json", JSON.stringify({ "workbench.colorTheme": "Default High Contrast" }));
  await page.locator(".monaco-workbench.hc-black").waitFor();
  await window.openFile(file);
  await window.lens("Accept", 0);
  await window.untilLedger(file, "accepted (unsaved), proposed");
  await window.untilLenses(1);
  await shot("high-contrast");
}

module.exports = { pictures };
