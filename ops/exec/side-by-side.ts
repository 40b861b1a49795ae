import type { Programs } from "./programs";

/** Programs that run at once. kubectl takes some 40 MB: a mesh of a hundred clusters must not ask for them all. */
const atOnce = 24;

/** The same programs, no more than some of them at a time. A deadline counts from a program's own start. */
export function sideBySide(programs: Programs): Programs {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async run(...call) {
      if (running >= atOnce) await new Promise<void>((start) => waiting.push(start));
      else running++;
      try {
        return await programs.run(...call);
      } finally {
        const next = waiting.shift();
        if (next) next();
        else running--;
      }
    },
  };
}
