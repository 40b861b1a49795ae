import { createColors, isColorSupported } from "picocolors";

/**
 * Colours for terminals only: picocolors would also colour in CI, where programs read the output. NO_COLOR is respected
 * (https://no-color.org).
 */
export const colours = createColors(process.stdout.isTTY === true && isColorSupported);
