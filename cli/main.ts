#!/usr/bin/env node
import { CommanderError } from "commander";
import { consoleOutput, report } from "./command";
import { program } from "./program";

const setExitCode = (code: number) => {
  process.exitCode = code;
};

/** The reader has ended, or the terminal was closed. */
const isGone = ({ code }: NodeJS.ErrnoException) => code === "EPIPE" || code === "EIO";

// `mesh synth | head`: nobody wants to hear of it. The command goes on to its own end: what it has to put back and its
// exit code count all the same.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (isGone(error)) return;
  process.stderr.write(`error: the result could not be written: ${error.code}\n`);
  setExitCode(1);
});
// Whoever watched does not any more: as if the terminal were closed, also where it is another one.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (isGone(error)) process.emit("SIGHUP", "SIGHUP");
});

program(setExitCode)
  .parseAsync()
  .catch((error: unknown) => {
    // Commander has written its own message.
    setExitCode(error instanceof CommanderError ? error.exitCode : report(error, consoleOutput));
  });
