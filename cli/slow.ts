import type { Reporter } from "../ops/run/progress";

/** Whoever waits longer than this wants to know for what. */
const patienceSeconds = 2;

/** The answer; a line says what is waited for when it takes long. */
export async function sayWhenSlow<T>(reporter: Reporter, text: string, answer: Promise<T>): Promise<T> {
  const timer = setTimeout(() => reporter.say(text), patienceSeconds * 1000);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}
