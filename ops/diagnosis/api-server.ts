import { inShort } from "../exec/bounded";
import type { Kubectl } from "../exec/kubectl";
import { DeadlinePassed } from "../exec/programs";

/** Why a step failed, a line each. */
export type Explain = (signal: AbortSignal, cause: Error) => Promise<readonly string[]>;

/** Seconds within which an API server that is there says its version. */
const answerSeconds = 5;

/**
 * How a step that waited in vain is explained: an API server that does not answer is the whole explanation, and nothing
 * else could be asked; else by `explain`.
 */
export function explainedBySilence(kubectl: Kubectl, explain?: Explain): Explain {
  return async (signal, cause) => {
    const silence = cause instanceof DeadlinePassed ? await silenceOf(kubectl, signal) : [];
    return silence.length > 0 ? silence : ((await explain?.(signal, cause)) ?? []);
  };
}

async function silenceOf(kubectl: Kubectl, signal: AbortSignal): Promise<readonly string[]> {
  const ask = [`--request-timeout=${answerSeconds}s`, "get", "--raw", "/version"];
  try {
    await kubectl.run(ask, { signal, deadlineSeconds: 2 * answerSeconds });
    return [];
  } catch (error) {
    return [`the API server behind the context ${kubectl.context} does not answer: ${inShort(error)}`];
  }
}
