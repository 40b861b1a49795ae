import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openBrowser } from "../../../ops/exec/browser";
import { type FakePath, fakePath } from "./fake-programs";

const url =
  "http://127.0.0.1:20001/kiali/console/graph/namespaces?namespaces=sample&edges=trafficDistribution";

let path: FakePath;
beforeEach(() => {
  path = fakePath();
});
afterEach(() => path.remove());
const called = async () => {
  for (let tries = 0; tries < 100 && path.calls().length === 0; tries++) await sleep(20);
  return path.calls();
};

test.each([
  ["Linux with a desktop", "linux", { DISPLAY: ":0" }, "xdg-open"],
  ["Linux with Wayland", "linux", { WAYLAND_DISPLAY: "wayland-0" }, "xdg-open"],
  ["macOS", "darwin", {}, "open"],
  ["Windows", "win32", {}, "rundll32.exe"],
  ["Linux within Windows", "linux", { WSL_DISTRO_NAME: "Debian" }, "rundll32.exe"],
] as const)(
  "on %s the platform's own opener gets the address as it is",
  async (_, platform, env, program) => {
    path.add(program, `for last; do :; done; printf '%s' "$last" > '${join(path.folder, "url")}'`);
    expect(openBrowser(url, { ...path.env, ...env }, platform)).toBe(true);
    expect(await called()).toEqual([expect.stringMatching(`^${program} `)]);
    await sleep(100);
    expect(readFileSync(join(path.folder, "url"), "utf8")).toBe(url);
  },
);

test("without a desktop nothing is started", () => {
  expect(openBrowser(url, path.env, "linux")).toBe(false);
});

test("a missing opener is no error", async () => {
  expect(openBrowser(url, { PATH: path.folder, DISPLAY: ":0" }, "linux")).toBe(true);
  await sleep(100);
});
