// Before the program of each process of Node: says that the process started, and where something may run unseen.
import processes from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import workers from 'node:worker_threads';

const folder = '{reports}/v8';
const leave = (name, text = '') => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}`, text);
};
leave(`started-${process.pid}`, process.argv[1]);

// One that a signal ends writes nothing, and without these options nobody learns that it started.
const options = process.env.NODE_OPTIONS;
const { spawn } = processes.ChildProcess.prototype;
processes.ChildProcess.prototype.spawn = function (child) {
  const kept = (child.envPairs ?? []).some((pair) => pair.startsWith('NODE_OPTIONS=') && pair.includes(options));
  if (!kept && basename(String(child.file)) !== 'git') leave('unseen');
  return spawn.call(this, child);
};

const { Worker, SHARE_ENV } = workers;
workers.Worker = class extends Worker {
  constructor(script, options) {
    const env = options?.env;
    if (env && env !== SHARE_ENV && env.NODE_V8_COVERAGE !== folder) leave('unseen');
    super(script, options);
  }
};
syncBuiltinESMExports();
