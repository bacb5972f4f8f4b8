// The pictures of the documentation, taken of the real program. What each shows is in a text beside it, which every run compares:
// `UPDATE_PICTURES=1` replaces both in `editors/vscode/pictures`.

"use strict";

const fs = require("node:fs");
const path = require("node:path");

const SIZE = { width: 1640, height: 760 };
const SIDE_BAR_WIDTH = 790;

async function pictures(window, given) {
  const { page } = window;
  const file = "src/queue.rs";
  const shot = async (name) => {
    await window.untilStatus(name === "high-contrast" ? "3 to review" : "4 to review");
    const text = path.join(given.pictures, `${name}.txt`);
    if (!given.update) {
      const wanted = fs.readFileSync(text, "utf8");
      await window.until(`what ${name}.png shows:\n${wanted}`, async () => {
        const now = await window.seen();
        return now === wanted || now;
      });
      return;
    }
    // What is said in passing, tooltips and a blinking cursor belong to the moment.
    await page.locator(".statusbar-item", { hasText: /Countersign: / }).first().waitFor({ state: "hidden" });
    await page.mouse.move(SIZE.width / 2, SIZE.height - 4);
    await window.until("no tooltip", async () => (await page.locator(".workbench-hover:visible").count()) === 0);
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: path.join(given.pictures, `${name}.png`), animations: "disabled", caret: "hide" });
    fs.writeFileSync(text, await window.seen());
  };
  await window.untilStatus("4 to review");
  await window.until("the window has its size", async () => {
    const { width, height } = await page.locator(".monaco-workbench").boundingBox();
    if (width === SIZE.width && height === SIZE.height) return true;
    // A window that is still being put together misses it.
    await page.setViewportSize({ width: SIZE.width - 1, height: SIZE.height });
    await page.setViewportSize(SIZE);
    return [width, height];
  });
  await window.focusView();
  const side = await page.locator(".part.sidebar").boundingBox();
  const edge = side.x + side.width;
  await page.mouse.move(edge, SIZE.height / 2);
  await page.mouse.down();
  await page.mouse.move(side.x + SIDE_BAR_WIDTH, SIZE.height / 2);
  await page.mouse.up();
  await window.openFile(file);
  await window.untilLenses(2);
  await window.goToLine(3);
  await window.command("Countersign: Prove in the Sandbox");
  await window.takeOffer("tests: sh -e tests.sh", "Trust until It Changes");
  await window.untilRow("2 of 2 gates");
  await window.command("Notifications: Clear All Notifications");
  await window.openFile(file);
  await page.locator(".activitybar .badge-content", { hasText: /^4$/ }).waitFor();
  await shot("review");

  await window.lens("Preview", 0);
  await page.locator(".monaco-diff-editor .editor.modified .view-line", { hasText: "is_empty" }).first().waitFor();
  await page.locator(".monaco-diff-editor .char-insert").first().waitFor();
  await shot("preview");
  await window.command("View: Close Editor");

  await window.lens("Ask is_empty\\(\\).*");
  await window.untilWhy("Proof", "Verdict: allow");
  await shot("why");
  await window.command("View: Close Editor");

  const theme = async (name, look) => {
    // Its colours are in no text.
    if (given.update) {
      window.write(".vscode/settings.json", JSON.stringify({ "workbench.colorTheme": name }));
      await page.locator(`.monaco-workbench.${look}`).waitFor();
    }
    await window.openFile(file);
    await window.untilLenses(2);
  };
  await theme("Default Dark Modern", "vs-dark");
  await shot("dark");
  await theme("Default High Contrast", "hc-black");
  await window.lens("Accept", 0);
  await window.untilLedger(file, "accepted (unsaved), proposed");
  await window.untilLenses(1);
  await shot("high-contrast");
}

module.exports = { pictures };
