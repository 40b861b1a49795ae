// node --require this: writes to IMPORTS_FILE what our own files import of libraries, so that the floor loads the
// very same entry points; and tells the greatest memory at the end.
const Module = require("node:module");
const { writeFileSync } = require("node:fs");

const imports = new Set();
const load = Module._load;
Module._load = function (request, parent, ...rest) {
  const ours = parent?.filename && !parent.filename.includes("node_modules");
  if (ours && !request.startsWith(".") && !request.startsWith("/")) imports.add(request);
  return load.call(this, request, parent, ...rest);
};
process.on("exit", () => {
  if (process.env.IMPORTS_FILE) writeFileSync(process.env.IMPORTS_FILE, JSON.stringify([...imports]));
  process.stderr.write(`maxrss=${process.resourceUsage().maxRSS}\n`);
});
