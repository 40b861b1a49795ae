import { formatDuration, parseDuration } from "../../cli/duration";

test.each([
  ["90", 90],
  ["30s", 30],
  ["5m", 300],
  ["1h", 3600],
])("%s is %d seconds", (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each(["", "s", "-5", "1.5m", "5 m", "5M", "1h30m", "1e3", "1234567"])("%j is none", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  [0.9, "0 s"],
  [59.9, "59 s"],
  [65, "1 min 5 s"],
  [7380, "2 h 3 min"],
])("%d seconds read %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
