import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { readReplies, replyReader, requestScript } from "../../../ops/traffic/requests";
import { meshOf, ownCa } from "../../ca/authority";
import { fakePath } from "../exec/fake-programs";

const sample = meshOf(ownCa).sample!;

/** curl's output for a helloworld that answers, a proxy without endpoints, and no answer. */
const output = [
  "Hello version: v1, instance: helloworld-v1-abc",
  "",
  "200 0.012345",
  "no healthy upstream",
  "503 0.001000",
  "curl: (28) Operation timed out after 5001 milliseconds with 0 bytes received",
  "",
  "000 5.001000",
  "",
].join("\n");

test("answers, refusals and timeouts are distinguished", () => {
  expect(readReplies(output)).toEqual([
    { status: 200, seconds: 0.012345, version: "v1", pod: "helloworld-v1-abc", words: "" },
    { status: 503, seconds: 0.001, version: undefined, pod: undefined, words: "no healthy upstream" },
    {
      status: 0,
      seconds: 5.001,
      version: undefined,
      pod: undefined,
      words: "curl: (28) Operation timed out after 5001 milliseconds with 0 bytes received",
    },
  ]);
});

test("the output may come in pieces of any size", () => {
  const whole = readReplies(output);
  fc.assert(
    fc.property(fc.array(fc.nat(output.length)), (cuts) => {
      const read = replyReader();
      const ends = [...cuts.toSorted((one, other) => one - other), output.length];
      const replies = ends.flatMap((end, index) =>
        read(output.slice(index === 0 ? 0 : ends[index - 1], end)),
      );
      expect(replies).toEqual(whole);
    }),
  );
});

test("a foreign page is no answer of helloworld, and is truncated", () => {
  const [reply] = readReplies(`<html>${"x".repeat(5000)}</html>\n\n200 0.1\n`);
  expect(reply).toMatchObject({ status: 200, version: undefined });
  expect(reply!.words).toHaveLength(200);
});

test("curl's comma of other locales is a decimal point", () => {
  expect(readReplies("\n200 0,25\n")[0]!.seconds).toBe(0.25);
});

describe("the script", () => {
  /** Runs it with a curl that prints the given answers. */
  const run = (count: number, curl: string) => {
    const path = fakePath();
    path.add("curl", curl);
    try {
      const { stdout } = spawnSync("sh", ["-c", requestScript(sample, count)], {
        env: path.env,
        encoding: "utf8",
      });
      return { replies: readReplies(stdout), calls: path.calls() };
    } finally {
      path.remove();
    }
  };
  const good = "printf 'Hello version: v1, instance: pod\\n\\n200 0.001\\n'";
  const bad = "printf 'no healthy upstream\\n503 4.9\\n'";

  test("sends as many requests as asked for, to the sample's own Service", () => {
    const { replies, calls } = run(100, `${good}; ${good}; ${good}; ${good}`);
    expect(replies.filter(({ version }) => version === "v1")).toHaveLength(100);
    expect(calls.join("\n")).toContain("http://helloworld.sample.svc.cluster.local:5000/hello?[1-4]");
  });

  test("stops when some have failed", () => {
    const { replies } = run(100, `${good}; ${bad}; ${good}; ${bad}`);
    expect(replies.filter(({ status }) => status === 503)).toHaveLength(6);
    expect(replies).toHaveLength(12);
  });

  test("continues after a failure or two, which are reported", () => {
    const { replies } = run(
      40,
      `[ -e "$HOME/once" ] || { touch "$HOME/once"; ${bad}; }; ${good}; ${good}; ${good}; ${good}`,
    );
    expect(replies.filter(({ version }) => version)).toHaveLength(40);
    expect(replies.filter(({ version }) => !version)).toHaveLength(1);
  });
});
