// The journeys. Each compares buffer, disk and ledger at its steps; the caller verifies the ledger and the files once more.

"use strict";

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");

const QUEUE = "src/queue.rs";
const STACK = "src/stack.rs";

const accepted = (text) => text.replace("queue.len() == 0", "queue.is_empty()");

/** What the editor shows of a text: every line, the empty one behind the last line break included. */
async function same(window, text) {
  await window.untilBuffer(text);
}

async function quiet(window) {
  assert.deepEqual(await window.troubles(), []);
}

/** See a proposal, read why, preview, accept a hunk, save, undo with a later edit kept, reject with a reason, restore. */
async function review(window) {
  const before = window.disk(QUEUE);
  await window.untilStatus("2 to review");
  // A click shows a hunk and stays in the view, where keys are about the row that the arrows went to.
  await window.focusView();
  await window.row("queue.is_empty()").click();
  await window.page.locator('.tab.active[data-resource-name="queue.rs"]').waitFor();
  await window.untilLenses(2);
  await window.page.locator(".squiggly-info").first().waitFor();
  await window.page.keyboard.press("ArrowDown");
  await window.page.keyboard.press("Control+Alt+Backspace");
  await window.untilLedger(QUEUE, "proposed, rejected");
  const [rejected] = window.changes().flatMap((change) => change.hunks).filter((hunk) => hunk.state === "rejected");
  assert.equal(rejected.hunk, 2, "the key was about another row than the one with the focus");
  await window.openFile(QUEUE);
  await window.command("Countersign: Restore");
  await window.page.locator(".quick-input-list .monaco-list-row", { hasText: "right.is_empty()" }).click();
  await window.untilLedger(QUEUE, "proposed, proposed");
  await window.untilLenses(2);

  await window.lens("Ask is_empty\\(\\).*");
  await window.untilWhy("Verdict: allow", "rust/len-zero", "Risk", "Prove in the Sandbox");

  await window.openFile(QUEUE);
  await window.lens("Preview", 0);
  await window.page.locator(".monaco-diff-editor .editor.modified .view-line", { hasText: "is_empty" }).first().waitFor();
  await window.title("Accept");
  await window.untilLedger(QUEUE, "accepted (unsaved), proposed");
  await window.command("View: Close Editor");

  await window.openFile(QUEUE);
  await same(window, accepted(before));
  await window.untilLedger(QUEUE, "accepted (unsaved), proposed");
  assert.equal(window.disk(QUEUE), before, "accepting wrote to disk");
  await window.save();
  await window.untilLedger(QUEUE, "accepted, proposed");
  await window.untilDisk(QUEUE, accepted(before));
  await window.untilStatus("1 to review");

  // Undo keeps what was typed in between.
  await window.goToLine(1);
  await window.page.keyboard.type("// typed\n");
  await same(window, `// typed\n${accepted(before)}`);
  await window.focusView();
  await window.button("queue.is_empty()", "Undo");
  await window.untilLedger(QUEUE, "proposed, undone (unsaved)");
  await window.openFile(QUEUE);
  await same(window, `// typed\n${before}`);
  await window.save();
  await window.untilLedger(QUEUE, "proposed, undone");
  await window.untilDisk(QUEUE, `// typed\n${before}`);

  await window.goToLine(24);
  await window.command("Countersign: Reject with a Reason");
  await window.answer("not now");
  await window.untilLedger(QUEUE, "rejected, undone");
  const [hunk] = window.changes().flatMap((change) => change.hunks).filter((hunk) => hunk.state === "rejected");
  assert.equal(hunk.reason, "not now");
  await window.untilStatus("Countersign");
  await window.focusView();
  await window.expand("Decided");
  await window.expand("Ask is_empty()");
  await window.expand("queue.rs");
  await window.button("right.is_empty()", "Restore");
  await window.untilLedger(QUEUE, "proposed, undone");
  await window.untilStatus("1 to review");
  assert.equal(window.disk(QUEUE), `// typed\n${before}`, "deciding wrote to disk");
  await quiet(window);
}

/** Accept one change over two files, one of them closed; undo it in both; reject what is left. */
async function twoFiles(window) {
  const [queue, stack] = [window.disk(QUEUE), window.disk(STACK)];
  await window.openFile(QUEUE);
  await window.untilLenses(2);
  await window.focusView();
  await window.untilRow("3 hunks");
  await window.button("Ask is_empty()", "Preview");
  await window.until("both files in one preview", async () => {
    const names = await window.page.locator(".multiDiffEntry .title").allInnerTexts();
    return (names.some((name) => name.includes("queue.rs")) && names.some((name) => name.includes("stack.rs"))) || names;
  });
  await window.command("View: Close Editor");
  await window.focusView();
  await window.button("Ask is_empty()", "Accept");
  await window.untilLedger(QUEUE, "accepted (unsaved), accepted (unsaved)");
  await window.untilLedger(STACK, "accepted");
  const both = accepted(queue).replace("right.len() == 0", "right.is_empty()");
  await window.openFile(QUEUE);
  await same(window, both);
  assert.equal(window.disk(QUEUE), queue, "accepting wrote to the disk beneath an open file");
  await window.untilDisk(STACK, stack.replace("stack.len() == 0", "stack.is_empty()"));
  await window.save();
  await window.untilDisk(QUEUE, both);
  await window.untilLedger(QUEUE, "accepted, accepted");
  await window.untilStatus("Countersign");

  await window.focusView();
  await window.untilRow("Decided");
  await window.expand("Decided");
  await window.button("Ask is_empty()", "Undo");
  await window.untilLedger(STACK, "undone");
  await window.untilDisk(STACK, stack);
  await window.openFile(QUEUE);
  await same(window, queue);
  await window.save();
  await window.untilDisk(QUEUE, queue);
  await window.untilLedger(QUEUE, "undone, undone");
  await quiet(window);
}

/** A proposal goes stale by typing: drifted, in conflict, in its place again; and lands where it belongs. */
async function stale(window) {
  const before = window.disk(QUEUE);
  await window.openFile(QUEUE);
  await window.untilLenses(2);
  await window.goToLine(23);
  await window.page.keyboard.press("End");
  await window.page.keyboard.type(" // why?");
  await window.untilLenses(1);
  await window.focusView();
  await window.untilRow("conflict: ");
  const why = window.page.locator(".notification-list-item", { hasText: "shown as it was captured" });
  await window.until("why it is shown as it was captured", async () => {
    await window.button("left.is_empty()", "Preview");
    await why.first().waitFor({ state: "attached", timeout: 5000 });
    return true;
  });
  await window.command("View: Close Editor");
  await window.openFile(QUEUE);
  await window.until("the text is as it was", async () => {
    if ((await window.buffer()) === before) return true;
    await window.page.keyboard.press("Control+Z");
    return window.buffer();
  });
  await window.untilLenses(2);

  await window.goToLine(1);
  await window.page.keyboard.type("// one\n// two\n");
  const typed = `// one\n// two\n${before}`;
  await same(window, typed);
  await window.focusView();
  await window.untilRow("line 5 · proposed, drifted");
  await window.openFile(QUEUE);
  await window.goToLine(1);
  await window.command("Countersign: Next Hunk");
  await window.until("the cursor on the first hunk", async () => (await window.line()) === 5 || window.line());
  await window.command("Countersign: Next Hunk");
  await window.until("the cursor on the second hunk", async () => (await window.line()) === 25 || window.line());
  await window.command("Countersign: Previous Hunk");
  await window.until("the cursor on the first hunk", async () => (await window.line()) === 5 || window.line());

  // What is not shown is not accepted at the cursor.
  await window.command("Countersign: Show No Proposals for a While");
  await window.answer("For an hour");
  await window.untilLenses(0);
  await window.command("Countersign: Accept");
  await window.page.locator(".statusbar-item", { hasText: "nothing to accept here" }).waitFor();
  assert.equal(window.ledger(QUEUE), "proposed, proposed");
  await window.page.locator(".statusbar-item[id*='countersign.status'] a").first().click();
  await window.answer("Show Proposals in the Text Again");
  await window.untilLenses(2);

  // While the server is held up, the first hunk comes to where the list has the second one.
  const [server] = window.servers();
  process.kill(server, "SIGSTOP");
  const more = "// more\n".repeat(20);
  await window.goToLine(1);
  await window.page.keyboard.type(more);
  await window.goToLine(25);
  await window.page.keyboard.press("Control+Alt+Enter");
  process.kill(server, "SIGCONT");
  await same(window, accepted(more + typed));
  await window.save();
  await window.untilLedger(QUEUE, "accepted, proposed");
  await window.untilDisk(QUEUE, accepted(more + typed));
  await quiet(window);
}

/** A proposal arrives while the file is open and has unsaved text. */
async function arrives(window) {
  const before = window.disk(QUEUE);
  await window.untilStatus("Countersign");
  await window.openFile(QUEUE);
  assert.deepEqual(await window.lenses(), []);
  await window.goToLine(1);
  await window.page.keyboard.type("// mine\n");
  await same(window, `// mine\n${before}`);
  await window.command("Countersign: Ask for Proposals");
  await window.page.locator(".quick-input-list .monaco-list-row", { hasText: "Run the recipes" }).click();
  await window.untilLedger(QUEUE, "proposed, proposed");
  await window.untilLenses(2);
  await window.focusView();
  await window.untilRow("Ask is_empty()");
  await window.openFile(QUEUE);
  await window.lens("Accept", 1);
  const right = before.replace("right.len() == 0", "right.is_empty()");
  await same(window, `// mine\n${right}`);
  await window.save();
  await window.untilLedger(QUEUE, "accepted, proposed");
  await window.untilDisk(QUEUE, `// mine\n${right}`);
  await quiet(window);
}

/** Policy denies a proposal: it cannot be accepted, says why, and can be rejected. */
async function denied(window) {
  const file = "README.md";
  const before = window.disk(file);
  await window.openFile(file);
  await window.untilLenses(1);
  assert.ok(!(await window.lenses()).some((text) => text.startsWith("Accept")), "a denied hunk is offered for acceptance");
  // From the last hunk of a file on to the next file.
  await window.goToLine(2);
  await window.page.keyboard.press("Control+F6");
  await window.page.locator('.tab.active[data-resource-name="queue.rs"]').waitFor();
  await window.until("the cursor on its first hunk", async () => (await window.line()) === 3 || window.line());
  await window.focusView();
  await window.untilRow("Denied by policy");
  await window.untilRow("denied by policy · 1 hunk");
  await window.openFile(file);
  await window.goToLine(1);
  await window.page.keyboard.press("Control+Alt+Enter");
  await window.takeOffer("policy denies it", "Show Why");
  await window.untilWhy("Verdict: deny");
  await window.openFile(file);
  assert.equal(window.ledger(file), "proposed");
  await window.lens("Reject");
  await window.untilLedger(file, "rejected");
  await window.untilLenses(0);
  await same(window, before);
  assert.equal(window.disk(file), before);
}

/** The server is killed between two decisions: the editor starts it again, and nothing is lost. */
async function killed(window) {
  const before = window.disk(QUEUE);
  await window.openFile(QUEUE);
  await window.untilLenses(2);
  await window.lens("Accept", 0);
  await window.untilLedger(QUEUE, "accepted (unsaved), proposed");
  const [first] = window.servers();
  assert.ok(first, "no server was found");
  process.kill(first, "SIGKILL");
  await window.until("another server", () => {
    const now = window.servers();
    return (now.length === 1 && now[0] !== first) || now;
  });
  await window.untilStatus("1 to review");
  await window.untilLenses(1);
  assert.equal(window.ledger(QUEUE), "accepted (unsaved), proposed");
  await window.lens("Accept", 0);
  const both = accepted(before).replace("right.len() == 0", "right.is_empty()");
  await same(window, both);
  assert.equal(window.disk(QUEUE), before, "accepting wrote to disk");
  await window.save();
  await window.untilLedger(QUEUE, "accepted, accepted");
  await window.untilDisk(QUEUE, both);
  const [second] = window.servers();
  const troubles = await window.troubles();
  await window.goToLine(1);
  await window.command("Countersign: Restart the Server");
  await window.page.keyboard.type("// typed meanwhile\n");
  await window.until("a third server", () => {
    const now = window.servers();
    return (now.length === 1 && now[0] !== second) || now;
  });
  await window.untilStatus("Countersign");
  await same(window, `// typed meanwhile\n${both}`);
  assert.deepEqual(await window.troubles(), troubles);
}

/** What an agent changed in the files is adopted: one hunk is taken out, the other marked as reviewed. */
async function agent(window) {
  const before = window.disk(QUEUE);
  const agents = before.replace("let mut sum = 0", "let mut sum: u32 = 0").replace("rest > 0", "rest != 0");
  await window.openFile(QUEUE);
  await window.untilLenses(2);
  await window.command("Countersign: Take a Snapshot");
  await window.until("a snapshot", () => window.countersign("ledger", "export").includes("napshot"));
  window.write(QUEUE, agents);
  // The editor notices by itself, unless it had not begun to watch yet.
  await window.command("File: Revert File");
  await same(window, agents);
  await window.command("Countersign: Adopt What an Agent Changed");
  await window.untilLedger(QUEUE, "adopted, adopted, proposed, proposed");
  await window.until("lenses of adopted hunks", async () => {
    const shown = (await window.lenses()).filter((text) => text === "Reject and take out");
    return shown.length === 2 || window.lenses();
  });
  await window.lens("Reject and take out", 0);
  const left = before.replace("rest > 0", "rest != 0");
  await same(window, left);
  await window.save();
  await window.untilDisk(QUEUE, left);
  await window.untilLenses(3);
  await window.lens("Accept as reviewed", 0);
  await window.untilLedger(QUEUE, "accepted, proposed, proposed, rejected");
  await same(window, left);
  assert.equal(window.disk(QUEUE), left);
  await quiet(window);
}

/** The program is missing: the editor says so and how to go on, and goes on once it is there. */
async function missing(window, given) {
  await window.untilStatus("Countersign: no program");
  await window.focusView();
  await window.page.locator(".welcome-view-content", { hasText: "names no program" }).waitFor();
  window.write(".vscode/settings.json", JSON.stringify({ "countersign.path": given.countersign }));
  await window.untilStatus("2 to review");
}

/** Nobody trusts the workspace: what it says of the program is not heeded and nothing is run, but proposals can be decided. */
async function restricted(window) {
  const before = window.disk(QUEUE);
  await window.untilStatus("2 to review");
  await window.openFile(QUEUE);
  await window.untilLenses(2);
  await window.lens("Accept", 0);
  await same(window, accepted(before));
  await window.save();
  await window.untilLedger(QUEUE, "accepted, proposed");
  await window.untilDisk(QUEUE, accepted(before));
  await window.isNoCommand("Countersign: Ask for Work");
  await window.goToLine(10);
  await window.action("Ask scribe to document total");
  await window.page.locator(".notification-list-item", { hasText: "Trust it first" }).waitFor({ state: "attached" });
  assert.match(window.countersign("list", "--tasks"), /^no work was asked for/);
  await window.takeOffer("Trust it first", "Manage Trust");
  await window.page.locator(".workspace-trust-editor .monaco-button", { hasText: /^Trust$/ }).click();
  // Now what the workspace says counts, and it names a program that is not there.
  await window.untilStatus("Countersign: no program");
}

/** Ask a worker for something in one's own words; what comes is accepted. The settings of the folder are heeded. */
async function asks(window) {
  const before = window.disk(QUEUE);
  await window.untilStatus("2 to review");
  await window.openFile(QUEUE);
  await window.untilLenses(2);
  await window.page.locator(".squiggly-warning").first().waitFor();
  // About the lines of the loop.
  await window.goToLine(9);
  for (const key of ["Shift+ArrowDown", "Shift+ArrowDown", "Shift+End"]) await window.page.keyboard.press(key);
  await window.command("Countersign: Ask for Work");
  await window.page.locator(".quick-input-title", { hasText: "1 of 2" }).waitFor();
  await window.answer("Refactor");
  await window.page.locator(".quick-input-title", { hasText: "2 of 2" }).waitFor();
  await window.answer("Say what it sums");
  await window.untilLedger(QUEUE, "proposed, proposed, proposed");
  assert.match(window.countersign("ledger", "export").replace(/\s/g, ""), /"first_line":8,"lines":3\b/, "another range was asked about");
  await window.untilStatus("3 to review");
  await window.untilLenses(3);
  assert.equal(window.disk(QUEUE), before, "asking wrote to disk");
  await window.goToLine(11);
  await window.page.keyboard.press("Control+Alt+Enter");
  const documented = before.replace("item;\n    }", "item;\n    // Say what it sums\n    }");
  await same(window, documented);
  await window.save();
  await window.untilDisk(QUEUE, documented);
  await window.untilLedger(QUEUE, "accepted, proposed, proposed");
  await window.command("Countersign: Ask for Work");
  await window.answer("Write tests");
  await window.answer("Take your time");
  await window.untilStatus("2 to review, working");
  await window.command("Countersign: Cancel What Was Asked For");
  await window.until("the task is cancelled", () => /Take your time.*cancelled|cancelled.*Take your time/.test(window.countersign("list", "--tasks")) || window.countersign("list", "--tasks"));
  await window.untilStatus("2 to review");
  // The setting counts at once.
  window.write(".vscode/settings.json", JSON.stringify({ "countersign.codeLens": false }));
  await window.until("no lenses", async () => (await window.lenses()).length === 0 || window.lenses());
  await quiet(window);
}

/** What a repository would have run needs two words: the workspace is trusted, and these gates are, as they are. */
async function trusts(window) {
  const proved = () => /[^p]proved/i.test(window.countersign("ledger", "export"));
  await window.untilStatus("2 to review");
  await window.openFile(QUEUE);
  await window.untilLenses(2);
  await window.isNoCommand("Countersign: Prove in the Sandbox");
  await window.goToLine(3);
  await window.action("Prove in the sandbox");
  await window.takeOffer("Trust it first", "Manage Trust");
  await window.page.locator(".workspace-trust-editor .monaco-button", { hasText: /^Trust$/ }).click();
  await window.openFile(QUEUE);
  await window.command("Countersign: Prove in the Sandbox");
  await window.page.locator(".notification-list-item", { hasText: "mine: sh check.sh" }).first().waitFor({ state: "attached" });
  assert.ok(!proved(), "it was proved before anybody agreed");
  await window.takeOffer("mine: sh check.sh", "Trust until It Changes");
  await window.focusView();
  await window.untilRow("1 of 1 gate");
  assert.ok(proved());
}

/** There is no repository, until somebody makes one. */
async function bare(window) {
  await window.untilStatus("Countersign: no repository");
  await window.focusView();
  await window.page.locator(".welcome-view-content", { hasText: "git repository" }).waitFor();
  execFileSync("git", ["init", "-q"], { cwd: window.folder, env: window.env });
  await window.untilStatus("Countersign");
  await window.page.locator(".welcome-view-content", { hasText: "Nothing is proposed" }).waitFor();
  await quiet(window);
}

module.exports = { review, twoFiles, stale, arrives, denied, killed, agent, missing, asks, restricted, trusts, bare };
