#!/usr/bin/env node
// The tool itself is built: by `npm ci`, unless npm is set to run no install scripts.
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const tool = join(__dirname, "../build/mesh.js");
if (existsSync(tool)) require(tool);
else {
  process.stderr.write(
    "error: build/mesh.js is missing, since npm ran no install scripts (ignore-scripts); in the checkout: npm run build\n",
  );
  process.exitCode = 1;
}
