import { parseDuration } from "../../cli/options";
import { formatDuration } from "../../cli/terminal";

test.each([
  ["90", 90],
  ["30s", 30],
  ["5m", 300],
  ["1h", 3600],
  ["24h", 86_400],
])("%s is %d seconds", (text, seconds) => {
  expect(parseDuration("--wait", text)).toBe(seconds);
});

test.each(["", "s", "-5", "0", "0m", "25h", "86401", "1.5m", "5 m", "5M", "1h30m", "1e3", "1234567"])(
  "%j is not a duration",
  (text) => {
    expect(() => parseDuration("--wait", text)).toThrow(
      `invalid value ${JSON.stringify(text)} for --wait: expected a duration from 1s to 24h, such as 90s, 5m or 1h\n  fix: for example: --wait 5m`,
    );
  },
);

test.each([
  [0.9, "0 s"],
  [59.9, "59 s"],
  [65, "1 min 5 s"],
  [7380, "2 h 3 min"],
])("%d seconds read %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
