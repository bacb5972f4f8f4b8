// Starts code-server with the extension and a browser, runs the journeys one after the other in windows of their own, and
// prints PASS, or FAIL with what was missing. Run by `vscode.rs`, with one argument: a file that says where everything is.

"use strict";

const fs = require("node:fs");
const http = require("node:http");
const net = require("node:net");
const path = require("node:path");
const { spawn, execFileSync } = require("node:child_process");

const given = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const data = path.join(given.scratch, "data");
const { chromium } = require(path.join(given.playwright, "node_modules/playwright-core"));
const { Window } = require("./window");
const journeys = require("./journeys");
const pictures = require("./pictures");

const SETTINGS = {
  "workbench.startupEditor": "none",
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "chat.disableAIFeatures": true,
  "update.mode": "none",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "workbench.tips.enabled": false,
  "workbench.editor.enablePreview": false,
  "files.autoSave": "off",
  "editor.minimap.enabled": false,
  "editor.hover.enabled": false,
  "editor.stickyScroll.enabled": false,
  "editor.parameterHints.enabled": false,
  "editor.autoClosingBrackets": "never",
  "editor.autoIndent": "none",
  "breadcrumbs.enabled": false,
  "git.enabled": false,
  "window.restoreWindows": "none",
  "workbench.enableExperiments": false,
  "workbench.layoutControl.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
};

// A workspace that nobody trusts, and no question about it.
const RESTRICTED = {
  "security.workspace.trust.enabled": true,
  "security.workspace.trust.startupPrompt": "never",
  "security.workspace.trust.banner": "never",
};

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function health(port) {
  return new Promise((resolve) => {
    const request = http.get(`http://127.0.0.1:${port}/healthz`, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    request.on("error", () => setImmediate(() => resolve(0)));
  });
}

/** A window reads them when it is opened. */
function settings(more) {
  fs.writeFileSync(path.join(data, "User/settings.json"), JSON.stringify({ ...SETTINGS, ...more }));
}

async function serve() {
  const extensions = path.join(given.scratch, "extensions");
  fs.mkdirSync(path.join(data, "User"), { recursive: true });
  fs.mkdirSync(path.join(data, "Machine"));
  // The editor takes PATH from a login shell, which knows nothing of the binary under test.
  fs.writeFileSync(path.join(data, "Machine/settings.json"), JSON.stringify({ "countersign.path": given.countersign }));
  const common = ["--config", path.join(given.scratch, "config.yaml"), "--user-data-dir", data, "--extensions-dir", extensions];
  const entry = path.join(given.codeServer, "node_modules/code-server/out/node/entry.js");
  execFileSync(process.execPath, [entry, ...common, "--install-extension", given.vsix], { stdio: "pipe" });
  const port = await freePort();
  const args = [...common, "--bind-addr", `127.0.0.1:${port}`, "--auth", "none", "--disable-telemetry", "--disable-update-check"];
  const log = fs.openSync(path.join(given.scratch, "server.log"), "w");
  const server = spawn(process.execPath, [entry, ...args, "--disable-getting-started-override"], { stdio: ["ignore", log, log] });
  while ((await health(port)) !== 200) {
    if (server.exitCode !== null) throw new Error("code-server ended");
  }
  return { server, base: `http://127.0.0.1:${port}` };
}

async function main() {
  const began = Date.now();
  const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(1)} s: ${text}`);
  const { server, base } = await serve();
  say("code-server answers");
  const failed = [];
  const context = await chromium.launchPersistentContext(path.join(given.scratch, "browser"), {
    executablePath: given.chromium,
    headless: true,
    viewport: { width: 1280, height: 1100 },
    args: FLAGS,
  });
  const run = async (name, folder, journey) => {
    const page = await context.newPage();
    page.setDefaultTimeout(60000);
    const window = await Window.open(page, base, folder, process.env);
    try {
      await journey(window, given);
      say(`${name}: done`);
    } catch (error) {
      failed.push(name);
      const picture = path.join(given.failures, `${name}.png`);
      await page.screenshot({ path: picture }).catch(() => {});
      const troubles = JSON.stringify(await window.troubles().catch(() => []));
      const seen = await window.seen().catch((error) => `nothing: ${error.message}`);
      console.log(`${name}: ${error.stack}\n  notifications: ${troubles}\n  ${seen.replaceAll("\n", "\n  ")}\n  ${picture}`);
    }
    // An unsaved editor asks whether to leave; nobody answers.
    await page.close({ runBeforeUnload: false });
  };
  try {
    for (const { name, folder } of given.journeys) {
      const journey = journeys[name] ?? pictures[name];
      settings(["restricted", "trusts"].includes(name) ? RESTRICTED : {});
      await run(name, folder, journey);
    }
  } finally {
    await context.close();
    server.kill("SIGTERM");
    await new Promise((resolve) => (server.exitCode === null ? server.once("exit", resolve) : resolve()));
  }
  if (failed.length > 0) throw new Error(`failed: ${failed.join(", ")}`);
}

main().then(
  () => console.log("PASS"),
  (error) => {
    console.log(`FAIL ${error.stack}`);
    process.exitCode = 1;
  },
);
