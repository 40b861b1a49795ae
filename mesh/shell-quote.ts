/** A command as a person can paste it into a POSIX shell. */
export function commandLine(program: string, args: readonly string[]): string {
  return [program, ...args].map(shellQuote).join(" ");
}

/** An argument as a POSIX shell reads it back. */
export function shellQuote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  // A terminal would act on it, or not show it. Lines of a script are read as they are.
  if (/[\p{Cc}\p{Bidi_Control}]/u.test(word.replaceAll("\n", ""))) return dollarQuote(word);
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** As bash, zsh and POSIX from 2024 on read it. */
const dollarQuote = (word: string): string =>
  `$'${word.replace(/[\p{Cc}\p{Bidi_Control}'\\]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join(""),
  )}'`;
