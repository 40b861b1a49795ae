import { ProgramFailed } from "../../../ops/exec/errors";
import { retryUntilAccepted } from "../../../ops/exec/retry";

const never = new AbortController().signal;
const refused = (words: string) => new ProgramFailed("kubectl apply", 1, words);
/** Refuses in these words, one a time, and takes it then. */
function server(...words: string[]) {
  let attempts = 0;
  const attempt = async () => {
    const refusal = words[attempts++];
    if (refusal !== undefined) throw refused(refusal);
    return "taken";
  };
  return { attempt, attempts: () => attempts };
}

test.each([
  'Internal error occurred: failed calling webhook "validation.istio.io": dial tcp 10.96.1.2:443: connect: connection refused',
  'resource mapping not found for name: "x": no matches for kind "Gateway" in version "networking.istio.io/v1"',
])("a transient rejection is retried: %s", async (words) => {
  const { attempt, attempts } = server(words);
  expect(await retryUntilAccepted(attempt, never)).toBe("taken");
  expect(attempts()).toBe(2);
});

test("a permanent rejection fails at once", async () => {
  const { attempt, attempts } = server("Error from server (Forbidden): gateways is forbidden");
  await expect(retryUntilAccepted(attempt, never)).rejects.toThrow("is forbidden");
  expect(attempts()).toBe(1);
});

test("at the step's deadline the error is the last rejection", async () => {
  const { attempt } = server("failed calling webhook", "failed calling webhook", "failed calling webhook");
  await expect(retryUntilAccepted(attempt, AbortSignal.timeout(500))).rejects.toThrow(
    "failed calling webhook",
  );
});

test("retries end after a time limit", async () => {
  jest.spyOn(performance, "now").mockReturnValueOnce(0).mockReturnValue(21_000);
  const { attempt, attempts } = server("failed calling webhook", "failed calling webhook");
  await expect(retryUntilAccepted(attempt, never)).rejects.toThrow("failed calling webhook");
  expect(attempts()).toBe(1);
  jest.restoreAllMocks();
});
