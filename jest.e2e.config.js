const base = require("./jest.config");

/**
 * Tests that need clusters: contexts main0 and remote0 of the kubeconfig. `npm run test:e2e` runs the quick ones,
 * `npm run test:e2e:full` all (MESH_E2E=full).
 * @type {import('jest').Config}
 */
module.exports = {
  ...base,
  roots: ["<rootDir>/test/e2e"],
  testPathIgnorePatterns: process.env.MESH_E2E === "full" ? [] : ["\\.full\\.test\\.ts$"],
  // They share the clusters.
  maxWorkers: 1,
  testTimeout: 300_000,
};
