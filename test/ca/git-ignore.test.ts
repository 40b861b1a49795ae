import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isOpenToGit } from "../../ca/git-ignore";
import { loadCa } from "../../ca/load";
import {
  clusterCa,
  type Files,
  filesOf,
  issue,
  meshOf,
  newFolder,
  now,
  ownCa,
  removeFolders,
  writeFiles,
} from "./authority";

afterAll(removeFolders);

let files: Files;
beforeAll(async () => {
  const root = await issue({ subject: "CN=Root" });
  const main0 = await issue({ subject: "CN=main0", issuer: root });
  const remote0 = await issue({ subject: "CN=remote0", issuer: root });
  files = filesOf({ main0: await clusterCa(main0, root), remote0: await clusterCa(remote0, root) });
});

function repository(given: Files): string {
  const home = newFolder();
  // Neither the machine's Git settings nor the user's.
  execFileSync("git", ["init", "-q", home], { env: gitEnv });
  writeFiles(home, given);
  return home;
}
const gitEnv = { PATH: process.env.PATH, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" };
const gitTakes = (home: string, file: string) =>
  spawnSync("git", ["-C", home, "check-ignore", "-q", file], { env: gitEnv }).status === 1;

const key = "conf/own-ca/main0/ca-key.pem";

test.each<[string, Files, boolean]>([
  ["no .gitignore", {}, true],
  ["an empty one", { ".gitignore": "" }, true],
  ["the folder at the top", { ".gitignore": "own-ca/\n" }, false],
  ["the folder with Windows line ends", { ".gitignore": "own-ca/\r\n" }, false],
  ["the folder with its path", { ".gitignore": "/conf/own-ca\n" }, false],
  ["a path that is another", { ".gitignore": "/own-ca\n" }, true],
  ["keys by their names", { ".gitignore": "*-key.pem\n" }, false],
  ["everything, in the folder itself", { "conf/own-ca/.gitignore": "*\n" }, false],
  ["a comment that names it", { ".gitignore": "# own-ca/\n" }, true],
  ["what is taken back below", { ".gitignore": "*.pem\n", "conf/.gitignore": "!ca-key.pem\n" }, true],
  [".git/info/exclude", { ".git/info/exclude": "own-ca\n" }, false],
])("%s: same answer as git check-ignore", (_, rules, open) => {
  const home = repository({ [key]: "key", ...rules });
  expect(gitTakes(home, key)).toBe(open);
  expect(isOpenToGit(join(home, key))).toBe(open);
});

test("outside of a work tree, also through a link, nothing is open to Git", () => {
  const outside = newFolder();
  writeFiles(outside, { "ca-key.pem": "key" });
  expect(isOpenToGit(join(outside, "ca-key.pem"))).toBe(false);
  const home = repository({});
  symlinkSync(outside, join(home, "own-ca"));
  expect(isOpenToGit(join(home, "own-ca/ca-key.pem"))).toBe(false);
});

test("a .gitignore that is a folder ignores nothing", () => {
  const home = repository({ "ca-key.pem": "key" });
  mkdirSync(join(home, ".gitignore"));
  expect(isOpenToGit(join(home, "ca-key.pem"))).toBe(true);
});

test("keys of ca.files that Git does not ignore are a warning, and the command of the fix resolves it", () => {
  const home = repository({});
  writeFiles(join(home, "own ca"), files);
  const warnings = () => loadCa(meshOf("ca: { files: own ca }"), join(home, "mesh.yaml"), now).warnings;
  expect(warnings()).toEqual([
    expect.stringMatching(
      /own ca\/main0\/ca-key\.pem: Git does not ignore this private key and 1 more: with it, anyone who can read the repository can join this mesh\n {2}fix: printf /,
    ),
  ]);
  const [, fix] = /fix: (.*?); if the keys/.exec(warnings()[0]!)!;
  writeFileSync(join(home, "own ca/.gitignore"), "main0-notes.txt");
  execFileSync("sh", ["-c", fix!]);
  expect(warnings()).toEqual([]);
  expect(gitTakes(home, "own ca/remote0/ca-key.pem")).toBe(false);
});

test("the root's key is one of these keys", async () => {
  const home = repository({ "own-ca/.gitignore": "ca-key.pem\n", "own-ca/root-key.pem": "key" });
  writeFiles(join(home, "own-ca"), files);
  expect(loadCa(meshOf(ownCa), join(home, "mesh.yaml"), now).warnings.join()).toMatch(
    /root-key\.pem: Git does not ignore this private key/,
  );
});
