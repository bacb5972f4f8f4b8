// The one rule that types cannot say: a promise that nobody waits for is marked as such, with `void`.

import { parser, plugin } from "typescript-eslint";

export default [
  {
    files: ["src/**/*.ts"],
    languageOptions: { parser, parserOptions: { project: "./tsconfig.json" } },
    plugins: { "@typescript-eslint": plugin },
    rules: { "@typescript-eslint/no-floating-promises": "error" },
  },
];
