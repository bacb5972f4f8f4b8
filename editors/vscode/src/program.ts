// Where the program is: the setting, PATH, or the one that came with the extension. Pure: it is told what is executable.

import * as path from "node:path";

export interface Places {
  /** The setting; empty when it is not set. */
  readonly setting: string;
  /** The variable PATH. */
  readonly path: string | undefined;
  /** The folder of the extension. */
  readonly extension: string;
  readonly home: string;
  readonly windows: boolean;
  readonly executable: (file: string) => boolean;
}

export type Found =
  | { readonly file: string; readonly by: "setting" | "path" | "bundled" }
  | { readonly file: undefined; readonly by: "setting" | "nowhere"; readonly reason: string };

/** The program that is to run, or why there is none. A path that is set and wrong is not passed over in silence. */
export function findProgram(places: Places): Found {
  const name = places.windows ? "countersign.exe" : "countersign";
  const setting = places.setting.trim();
  if (setting !== "") {
    const file = setting.startsWith("~/") ? path.join(places.home, setting.slice(2)) : setting;
    if (!path.isAbsolute(file)) {
      return { file: undefined, by: "setting", reason: `the setting countersign.path is not an absolute path: ${setting}` };
    }
    return places.executable(file)
      ? { file, by: "setting" }
      : { file: undefined, by: "setting", reason: `the setting countersign.path names no executable file: ${setting}` };
  }
  const folders = (places.path ?? "").split(places.windows ? ";" : ":");
  for (const folder of folders) {
    // An empty or relative entry means the current folder, which may be a repository that nobody trusts.
    if (path.isAbsolute(folder) && places.executable(path.join(folder, name))) {
      return { file: path.join(folder, name), by: "path" };
    }
  }
  const bundled = path.join(places.extension, "bin", name);
  return places.executable(bundled)
    ? { file: bundled, by: "bundled" }
    : { file: undefined, by: "nowhere", reason: "countersign is not on PATH, and the setting countersign.path is empty" };
}
