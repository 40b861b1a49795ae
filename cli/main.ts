#!/usr/bin/env node
import { CommanderError } from "commander";
import { consoleOutput, report } from "./command";
import { program } from "./program";

const setExitCode = (code: number) => {
  process.exitCode = code;
};

// `mesh synth | head`: the reader has gone, and nobody wants to hear of it.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  process.stderr.write(`error: the result could not be written: ${error.code}\n`);
  setExitCode(1);
});

program(setExitCode)
  .parseAsync()
  .catch((error: unknown) => {
    // Commander has written its own message.
    setExitCode(error instanceof CommanderError ? error.exitCode : report(error, consoleOutput));
  });
