#!/usr/bin/env node
import { CommanderError } from "commander";
import { consoleOutput, report } from "./command";
import { program } from "./program";

const setExitCode = (code: number) => {
  process.exitCode = code;
};

/** The reader has ended, or the terminal is closed. */
const isGone = ({ code }: NodeJS.ErrnoException) => code === "EPIPE" || code === "EIO";

// `mesh synth | head` is no error. The command runs to its end: its clean-up and its exit code still count.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (isGone(error)) return;
  process.stderr.write(`error: the result could not be written: ${error.code}\n`);
  setExitCode(1);
});
// As if the terminal were closed, also if stderr is a pipe.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (isGone(error)) process.emit("SIGHUP", "SIGHUP");
});

program(setExitCode)
  .parseAsync()
  .catch((error: unknown) => {
    // Commander has written its own message.
    setExitCode(error instanceof CommanderError ? error.exitCode : report(error, consoleOutput));
  });
