import { isInRange, minorOf, minorsApart, parseVersion } from "../../mesh/versions";

const version = (text: string) => parseVersion(text)!;

test.each([
  ["v1.34.4", 1, 34, "1.34.4"],
  ["1.31.1", 1, 31, "1.31.1"],
  ["v1.34.1-aks+abc", 1, 34, "1.34.1-aks+abc"],
])("%s is read", (text, major, minor, shown) => {
  expect(parseVersion(text)).toEqual({ major, minor, text: shown });
});

test("a text without a version has none", () => {
  expect(parseVersion("unknown")).toBeUndefined();
});

test("minorOf returns major.minor", () => {
  expect(minorOf(version("1.35.2-gke.1"))).toBe("1.35");
});

test("minorsApart counts within a major version; another major version is infinitely far", () => {
  expect(minorsApart(version("1.9.9"), version("1.10.0"))).toBe(-1);
  expect(minorsApart(version("2.0.0"), version("1.99.0"))).toBe(Infinity);
  expect(minorsApart(version("1.99.0"), version("2.0.0"))).toBe(-Infinity);
});

test.each([
  ["1.31.9", false],
  ["1.32", true],
  ["1.36.5", true],
  ["1.37.0", false],
  ["2.34.0", false],
])("%s lies between 1.32 and 1.36: %s", (text, lies) => {
  expect(isInRange(version(text), { min: "1.32", max: "1.36" })).toBe(lies);
});
