/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  testPathIgnorePatterns: ["<rootDir>/test/e2e/"],
  globalSetup: "<rootDir>/test/run-folder.ts",
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } },
    ],
  },
  // Half of the tests' time is waiting for other programs: jest's default leaves a core of two unused.
  maxWorkers: "100%",
  // Keys of certificate authorities are made in tests, on machines that do other things as well.
  testTimeout: 30_000,
  moduleNameMapper: { "/stack-trace$": "<rootDir>/test/no-creation-stacks.js" },
  modulePathIgnorePatterns: ["<rootDir>/build/"],
};
