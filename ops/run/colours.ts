import { createColors, isColorSupported } from "picocolors";

/**
 * Colours for people at a terminal. picocolors colours in every CI as well, and there results are read by programs.
 * https://no-color.org is kept.
 */
export const colours = createColors(process.stdout.isTTY === true && isColorSupported);
