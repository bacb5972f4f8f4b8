// Whether a folder is in a git repository. Pure: it is told what exists.

import * as path from "node:path";

export function isInRepository(folder: string, exists: (file: string) => boolean): boolean {
  for (let at = folder; ; at = path.dirname(at)) {
    if (exists(path.join(at, ".git"))) {
      return true;
    }
    if (path.dirname(at) === at) {
      return false;
    }
  }
}
