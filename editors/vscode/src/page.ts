// The page that says why, as it reads in this editor: the server writes for every client, and names what a terminal has. Pure.

const HERE: readonly (readonly [string, string])[] = [
  ["`countersign prove` has the project's gates run on it.", "*Prove in the Sandbox* on its row has the project's gates run on it."],
  [": `countersign show` has all of it.", "."],
  [": `countersign verify` says more. Recorded was:", ". Recorded was:"],
];

export function inEditor(page: string): string {
  return HERE.reduce((text, [terminal, here]) => text.replace(terminal, here), page);
}
