import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, Option } from "commander";
import fc from "fast-check";
import { layers } from "../../checks/check";
import { verifyChecks } from "../../checks/verify/verify";
import { knownValues } from "../../cli/completion/known-values";
import { shells } from "../../cli/completion/scripts";
import { program } from "../../cli/program";
import { phases } from "../../ops/apply/phases";
import { bundleTool, hasTerminal } from "./bundled";
import { mesh } from "./run";

const here = process.cwd();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-completion-"));
  process.chdir(folder);
  writeFileSync("mesh.yaml", meshOf("main0", "remote0", "arn:aws:eks:eu-west-1:1:cluster/one"));
});
afterEach(() => {
  process.chdir(here);
  rmSync(folder, { recursive: true, force: true });
});

const meshOf = (primary: string, remote: string, context: string) => `clusters:
  - { name: ${primary}, role: primary, network: network1, context: "${context}" }
  - { name: ${remote}, network: network2, context: kind-two }
`;

/** What is offered for the last of the words, and whether the shell offers files. */
async function offered(...words: string[]): Promise<{ values: string[]; files: boolean }> {
  const { code, result, notes } = await mesh("completion", "complete", "--", ...words);
  expect({ code, notes }).toEqual({ code: 0, notes: "" });
  const lines = result.split("\n");
  const directive = /^:(\d+)$/.exec(lines.pop()!)!;
  return { values: lines.map((line) => line.split("\t")[0]!), files: (Number(directive[1]) & 4) === 0 };
}
const values = async (...words: string[]) => (await offered(...words)).values;

const commands = program(() => {}).commands;
/** Options as people write them. */
const longNames = ({ options }: Command) => options.filter(({ hidden }) => !hidden).map(({ long }) => long!);

describe("what is offered", () => {
  test("every command is offered, with what it does", async () => {
    expect(await values("")).toEqual([...commands.map((command) => command.name()), "help"]);
    const { result } = await mesh("completion", "complete", "--", "sta");
    expect(result).toMatch(/^status\tShow clusters, gateways/);
  });

  test("every option of every command is offered", async () => {
    for (const command of commands)
      expect(await values(command.name(), "-")).toEqual([...longNames(command), "--help"]);
  });

  test("every option that takes a value has known values, or is listed as free text", async () => {
    const free = [
      "init --context",
      "apply --timeout",
      "verify --wait",
      "traffic --rate",
      "traffic --duration",
      "dashboard --port",
    ];
    const knownTo = (command: Command, { long, argChoices }: Option) =>
      argChoices || knownValues[`${command.name()} ${long}`] || knownValues[long!];
    const unknown = commands.flatMap((command) =>
      command.options
        .filter((option) => (option.required || option.optional) && !knownTo(command, option))
        .map(({ long }) => `${command.name()} ${long}`),
    );
    expect(unknown).toEqual(free);
  });

  test("every row of known values belongs to an existing option or argument", () => {
    const named = commands.flatMap((command) =>
      longNames(command).map((long) => `${command.name()} ${long}`),
    );
    const rows = Object.keys(knownValues).filter((row) => !["--file", "help command"].includes(row));
    expect(rows.filter((row) => !named.includes(row))).toEqual([]);
  });

  test.each([
    [
      ["synth", "-o", ""],
      ["text", "json"],
    ],
    [
      ["verify", "--output", "j"],
      ["json", "junit"],
    ],
    [["synth", "--output=j"], ["json"]],
    [["synth", "-oj"], []],
    [["apply", "--until", ""], [...phases]],
    [
      ["dashboard", ""],
      ["kiali", "prometheus"],
    ],
    [["dashboard", "--verbose", "k"], ["kiali"]],
    [["completion", ""], [...shells]],
    [["help", "sy"], ["synth"]],
    [
      ["apply", "--only", ""],
      ["main0", "remote0"],
    ],
    [["apply", "--only=r"], ["remote0"]],
    [
      ["traffic", "--from", ""],
      ["main0", "remote0"],
    ],
    [["up", "--replace", ""], []],
    [["verify", "--context", "kind"], ["kind-two"]],
  ])("%j: %j", async (words, expected) => {
    expect(await offered(...words)).toEqual({ values: expected, files: false });
  });

  test("verify --only is offered the layers that have checks, then the checks", async () => {
    const ids = verifyChecks.map(({ id }) => id);
    const withChecks = Object.keys(layers).filter((layer) => ids.some((id) => id.startsWith(`${layer}.`)));
    expect(await values("verify", "--only", "")).toEqual([...withChecks, ...ids]);
  });

  test("an option of several values is offered the rest of them, and then other options", async () => {
    expect(await values("traffic", "--from", "main0", "")).toEqual(["remote0"]);
    expect(await values("traffic", "--from", "main0", "--r")).toEqual(["--rate"]);
  });

  test("an option that was given is not offered again, unless it takes several values", async () => {
    expect(await values("apply", "--only", "main0", "--o")).toEqual([]);
    expect(await values("verify", "--only", "trust", "--o")).toEqual(["--output", "--only"]);
  });

  test("the shell completes files where a file is expected, and nowhere else", async () => {
    for (const words of [
      ["synth", "-f", ""],
      ["synth", "--file=m"],
      ["report", "--to", ""],
    ])
      expect(await offered(...words)).toEqual({ values: [], files: true });
    for (const words of [
      ["synth", ""],
      ["apply", "--timeout", ""],
      ["nonsense", ""],
      ["split", ""],
    ])
      expect(await offered(...words)).toEqual({ values: [], files: false });
  });

  test("after -- no options are offered", async () => {
    expect(await values("dashboard", "--", "--")).toEqual([]);
    expect(await values("dashboard", "--", "")).toEqual(["kiali", "prometheus"]);
  });
});

describe("names of clusters", () => {
  test("come from the file that -f names, also with quotes, else from MESH_FILE", async () => {
    writeFileSync("other mesh.yaml", meshOf("hub", "spoke", "kind-one"));
    for (const file of ["'other mesh.yaml'", "other\\ mesh.yaml"])
      expect(await values("apply", "-f", file, "--only", "")).toEqual(["hub", "spoke"]);
    expect(await values("apply", "--file=other\\ mesh.yaml", "--only", "")).toEqual(["hub", "spoke"]);
    process.env.MESH_FILE = "other mesh.yaml";
    try {
      expect(await values("apply", "--only", "")).toEqual(["hub", "spoke"]);
    } finally {
      delete process.env.MESH_FILE;
    }
  });

  test("for --replace are those that Terraform creates", async () => {
    writeFileSync(
      "mesh.yaml",
      "azure: { location: centralus, resourceGroup: rg }\n" +
        "clusters: [{ name: a, role: primary, network: n1, aks: aks-a }, { name: b, network: n2, context: b }]\n",
    );
    expect(await values("up", "--replace", "")).toEqual(["a"]);
  });

  test.each([
    ["that is broken", "clusters: ["],
    ["with a mistake", "clusters: [{ name: Main0 }]"],
    ["that is too large to be read in a moment", `${meshOf("a", "b", "c")}#${"x".repeat(100_000)}`],
  ])("are none of a mesh.yaml %s", async (_, text) => {
    writeFileSync("mesh.yaml", text);
    expect(await offered("apply", "--only", "")).toEqual({ values: [], files: false });
  });

  test("are not offered without a file, or with one that never ends", async () => {
    expect(await values("apply", "-f", "missing.yaml", "--only", "")).toEqual([]);
    expect(spawnSync("mkfifo", ["pipe.yaml"]).status).toBe(0);
    for (const file of ["pipe.yaml", "/dev/zero", "."])
      expect(await values("apply", "-f", file, "--only", "")).toEqual([]);
  });
});

test("any input gets an answer on stdout alone, and changes nothing", async () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("apply", "verify", "--only", "-f", "--", "-", "--file=", "--help", "help", "--version"),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (words) => {
      await offered(...words);
    }),
  );
  expect(readdirSync(".")).toEqual(["mesh.yaml"]);
});

test("another shell is bad input, and the help says how to install it for each", async () => {
  expect(await mesh("completion", "tcsh")).toMatchObject({
    code: 2,
    notes: expect.stringContaining(
      'invalid value "tcsh" for shell: expected one of bash, zsh, fish, powershell',
    ),
  });
  const { result: help } = await mesh("completion", "--help");
  for (const shell of shells) expect(help).toContain(`mesh completion ${shell}`);
  expect(help).not.toContain("complete ");
});

/** Why a shell cannot be tested here, if so. */
function missing(shell: string): string | undefined {
  if (spawnSync(shell, ["--version"]).status !== 0)
    return `${shell} is not installed (Debian: apt-get install ${shell})`;
  if (!hasTerminal) return "there is no script of util-linux, which makes terminals";
  return undefined;
}

function inShell(shell: string, body: () => void): void {
  const reason = missing(shell);
  if (reason && process.env.MESH_LAB === "required") throw new Error(reason);
  if (reason) describe.skip(`in ${shell} (skipped: ${reason})`, body);
  else describe(`in ${shell}`, body);
}

describe("the scripts", () => {
  let tool: string;
  beforeAll(() => {
    tool = mkdtempSync(join(tmpdir(), "mesh-tool-"));
    bundleTool(join(tool, "mesh.js"));
    writeFileSync(join(tool, "mesh"), `#!/bin/sh\nexec '${process.execPath}' '${tool}/mesh.js' "$@"\n`, {
      mode: 0o755,
    });
  });
  afterAll(() => rmSync(tool, { recursive: true }));
  beforeEach(() => {
    mkdirSync("examples");
    writeFileSync("my mesh.yaml", meshOf("hub", "spoke", "kind-one"));
    writeFileSync("broken.yaml", "clusters: [");
    const spoken = `${meshOf("hub", "spoke", "AKS Dev Env")}  - { name: third, network: n3, context: "ctx1 (aws)" }
  - { name: fourth, network: n4, context: "default/api:6443/Jo Smith" }
`;
    writeFileSync("spoken.yaml", spoken);
  });

  const environment = () => ({
    ...process.env,
    PATH: `${tool}:${process.env.PATH}`,
    HOME: folder,
    HISTFILE: "",
    ZDOTDIR: join(tool, "zsh"),
    XDG_CONFIG_HOME: join(tool, "config"),
    TERM: "dumb",
  });

  /** Lines as they are typed before a TAB, and as they are after it. */
  const typedAndCompleted = [
    ["mesh ap", "mesh apply "],
    ["mesh apply --unt", "mesh apply --until "],
    ["mesh apply --until con", "mesh apply --until control-plane "],
    ["mesh apply --until=con", "mesh apply --until=control-plane "],
    ["mesh synth -f my", "mesh synth -f my\\ mesh.yaml "],
    ["mesh synth --file=exam", "mesh synth --file=examples/"],
    ["mesh verify --context kind", "mesh verify --context kind-two "],
    ["mesh verify --context arn:aws:e", "mesh verify --context arn:aws:eks:eu-west-1:1:cluster/one "],
    ["mesh verify --context=arn:a", "mesh verify --context=arn:aws:eks:eu-west-1:1:cluster/one "],
    ["mesh verify -f spoken.yaml --context AKS", "mesh verify -f spoken.yaml --context AKS\\ Dev\\ Env "],
    ["mesh verify -f spoken.yaml --context AKS\\ D", "mesh verify -f spoken.yaml --context AKS\\ Dev\\ Env "],
    ['mesh verify -f spoken.yaml --context "AKS D', 'mesh verify -f spoken.yaml --context "AKS Dev Env" '],
    ["mesh verify -f spoken.yaml --context ctx", "mesh verify -f spoken.yaml --context ctx1\\ \\(aws\\) "],
    [
      "mesh verify -f spoken.yaml --context default/api:6",
      "mesh verify -f spoken.yaml --context default/api:6443/Jo\\ Smith ",
    ],
    ["mesh apply -f 'my mesh.yaml' --only h", "mesh apply -f 'my mesh.yaml' --only hub "],
    ["mesh apply -f my\\ mesh.yaml --only h", "mesh apply -f my\\ mesh.yaml --only hub "],
    ["mesh apply -f ~/mesh.yaml --only m", "mesh apply -f ~/mesh.yaml --only main0 "],
    ["mesh apply -f broken.yaml --only m", "mesh apply -f broken.yaml --only m"],
    ["mesh synth exam", "mesh synth exam"],
    ["mesh nonsense exam", "mesh nonsense exam"],
    ["X=1 mesh completion fi", "X=1 mesh completion fish "],
    // Whatever evaluates these would leave a file.
    [
      "mesh apply --only $(touch hacked) --until con",
      "mesh apply --only $(touch hacked) --until control-plane ",
    ],
    [
      "mesh apply --only `touch hacked` --until con",
      "mesh apply --only `touch hacked` --until control-plane ",
    ],
    ["mesh apply > hacked --until con", "mesh apply > hacked --until control-plane "],
    ["touch hacked; mesh apply --until con", "touch hacked; mesh apply --until control-plane "],
  ] as const;

  const completedOnTerminal = (start: string, setup: string) => async () => {
    const rows = await afterTabs(
      start,
      setup,
      typedAndCompleted.map(([typed]) => typed),
    );
    expect(rows.lines).toEqual(typedAndCompleted.map(([, completed]) => completed));
    expect(rows.screen).not.toMatch(/not found|readonly|error|usage|Usage/);
    expect(existsSync("hacked")).toBe(false);
  };

  /** Types lines into a shell on a terminal, each with a TAB at its end; Ctrl-T then keeps the line, Ctrl-U clears it. */
  async function afterTabs(start: string, setup: string, typed: readonly string[]) {
    const kept = join(tool, "kept");
    rmSync(kept, { force: true });
    writeFileSync(join(tool, "setup"), setup);
    const shell = spawn("script", ["--quiet", "--command", start, "/dev/null"], {
      env: { ...environment(), SETUP: join(tool, "setup"), KEPT: kept },
    });
    let screen = "";
    shell.stdout.on("data", (data) => {
      screen += data;
    });
    const lines = () => (existsSync(kept) ? readFileSync(kept, "utf8").split("\n").slice(0, -1) : []);
    try {
      shell.stdin.write(" . $SETUP\n");
      await until(() => screen.includes("ready> "), shell);
      for (const [index, line] of typed.entries()) {
        shell.stdin.write(`${line}\t\x14\x15`);
        await until(() => lines().length > index, shell);
      }
      return { lines: lines(), screen };
    } catch (error) {
      throw new Error(`${error}: ${screen}`);
    } finally {
      await ended(shell);
    }
  }

  /** A killed shell may still write into its home, which the test removes; so it exits by itself. */
  async function ended(shell: ChildProcessWithoutNullStreams): Promise<void> {
    const closed = once(shell, "close");
    shell.stdin.on("error", () => {}).end("\x15exit\n");
    const deadline = setTimeout(() => shell.kill("SIGKILL"), 10_000);
    await closed;
    clearTimeout(deadline);
  }

  async function until(holds: () => boolean, shell: ChildProcess): Promise<void> {
    const end = Date.now() + 60_000;
    while (!holds()) {
      if (Date.now() > end || shell.exitCode !== null) throw new Error("the shell does not answer");
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  inShell("bash", () => {
    test(
      "bash completes the input, evaluates none of it, and the script may be sourced twice",
      completedOnTerminal(
        "bash --norc --noprofile -i",
        `source <(mesh completion bash)
source <(mesh completion bash)
bind -x '"\\C-t": printf "%s\\n" "$READLINE_LINE" >> "$KEPT"'
PS1="rea""dy> "
`,
      ),
      180_000,
    );

    test("bash keeps the order of the values", () => {
      const { stdout, stderr } = spawnSync(
        "bash",
        [
          "-c",
          `source <(mesh completion bash)
          compopt() { :; }
          COMP_LINE="mesh apply --until " COMP_POINT=19 COMP_WORDS=(mesh apply --until "") COMP_CWORD=3
          __mesh_complete
          printf '%s\\n' "\${COMPREPLY[@]}"`,
        ],
        { env: environment(), encoding: "utf8" },
      );
      expect({ values: stdout.trim().split("\n"), stderr }).toEqual({ values: [...phases], stderr: "" });
    });

    test("bash completes at the cursor, regardless of the text after it", () => {
      const { stdout, stderr } = spawnSync(
        "bash",
        [
          "-c",
          `source <(mesh completion bash)
          compopt() { :; }
          COMP_LINE="mesh apply --until=contrast --only main0" COMP_POINT=22 COMP_CWORD=4
          COMP_WORDS=(mesh apply --until = contrast --only main0)
          __mesh_complete
          printf '%s\\n' "\${COMPREPLY[@]}"`,
        ],
        { env: environment(), encoding: "utf8" },
      );
      expect({ stdout, stderr }).toEqual({ stdout: "control-plane\n", stderr: "" });
    });
  });

  inShell("zsh", () => {
    test(
      "zsh completes the input, and evaluates none of it",
      completedOnTerminal(
        "zsh -f -i",
        `autoload -Uz compinit && compinit -u -D
source <(mesh completion zsh)
bindkey -e
keep() { print -r -- "$BUFFER" >> "$KEPT" }
zle -N keep
bindkey '^T' keep
PS1="rea""dy> "
`,
      ),
      180_000,
    );
  });

  inShell("fish", () => {
    const suggested = (line: string) => {
      const { stdout, stderr } = spawnSync(
        "fish",
        ["--no-config", "-c", 'mesh completion fish | source; complete -C "$argv"', line],
        { env: environment(), encoding: "utf8" },
      );
      expect(stderr).toBe("");
      return stdout.split("\n").flatMap((each) => each.split("\t")[0] || []);
    };

    test.each([
      ["mesh ap", ["apply"]],
      ["mesh apply --unt", ["--until"]],
      ["mesh apply --until ", [...phases]],
      ["mesh apply --until=con", ["--until=control-plane"]],
      ["mesh synth -f my", ["my mesh.yaml"]],
      ["mesh verify --context arn:a", ["arn:aws:eks:eu-west-1:1:cluster/one"]],
      ["mesh apply -f 'my mesh.yaml' --only ", ["hub", "spoke"]],
      ["mesh apply -f ~/mesh.yaml --only m", ["main0"]],
      ["mesh apply -f broken.yaml --only ", []],
      ["mesh synth exam", []],
      ["mesh apply --only (touch hacked) --until con", ["control-plane"]],
    ])("fish offers for %j: %j", (line, expected) => {
      expect(suggested(line)).toEqual(expected);
      expect(existsSync("hacked")).toBe(false);
    });
  });

  test("PowerShell's script makes the same query", () => {
    const { stdout, status } = spawnSync("mesh", ["completion", "powershell"], {
      env: environment(),
      encoding: "utf8",
    });
    expect({ stdout, status }).toEqual({
      status: 0,
      stdout: expect.stringMatching(
        /mesh completion complete '--'.*Register-ArgumentCompleter -CommandName 'mesh'/s,
      ),
    });
  });
});
