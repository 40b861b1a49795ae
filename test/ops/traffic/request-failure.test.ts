import { failureOf } from "../../../ops/traffic/request-failure";
import { readReplies } from "../../../ops/traffic/requests";

const failure = (output: string) => failureOf(readReplies(output)[0]!);

test.each([
  ["an answer is no failure", "Hello version: v1, instance: a\n\n200 0.1\n", undefined],
  [
    "a proxy's first sentence says what is wrong",
    "no healthy upstream\n503 0.1\n",
    "HTTP 503: no healthy upstream (UH)",
  ],
  [
    "of a connection that fails the reason counts, with Envoy's flag",
    "upstream connect error or disconnect/reset before headers. reset reason: connection timeout\n503 0.1\n",
    "HTTP 503: upstream connect error, reset reason: connection timeout (UF)",
  ],
  [
    "after retries the last reason counts, and what TLS says of it",
    "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure, transport failure reason: TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end\n503 0.1\n",
    "HTTP 503: upstream connect error, reset reason: remote connection failure, TLS_error: 268435703:SSL routines:OPENSSL_internal: (UF)",
  ],
  [
    "a limit on connections has its flag",
    "upstream connect error or disconnect/reset before headers. reset reason: overflow\n503 0.1\n",
    "HTTP 503: upstream connect error, reset reason: overflow (UO)",
  ],
  ["a caller that is not allowed", "RBAC: access denied\n403 0.1\n", "HTTP 403: RBAC: access denied"],
  ["a status without words stands alone", "\n404 0.1\n", "HTTP 404"],
  ["a deadline", "curl: (28) Operation timed out after 5001 milliseconds\n\n000 5.0\n", "no answer in time"],
  [
    "a proxy that is not there",
    "curl: (7) Failed to connect to x port 5000\n\n000 0.0\n",
    "connection refused",
  ],
  [
    "a Service that is not there",
    "curl: (6) Could not resolve host: x\n\n000 0.0\n",
    "the name of the Service does not resolve",
  ],
  [
    "a DNS that does not answer",
    "curl: (28) Resolving timed out after 5000 milliseconds\n\n000 5.0\n",
    "the name of the Service does not resolve",
  ],
  ["an error that is not in the table has its number", "curl: (35) TLS\n\n000 0.0\n", "curl error 35"],
  ["a page of another server", "<html>\n\n200 0.1\n", "unexpected answer"],
])("%s", (_, output, says) => {
  expect(failure(output)).toBe(says);
});

test("equal failures have equal messages, whatever numbers curl reports", () => {
  const timedOut = (milliseconds: number) => `curl: (28) timed out after ${milliseconds} ms\n\n000 5.0\n`;
  expect(failure(timedOut(5001))).toBe(failure(timedOut(5003)));
});
