import { Command, Option } from "commander";
import { meshFile } from "../mesh/paths";
import { InputError, type Problem } from "../mesh/problem";
import { phases } from "../ops/apply/phases";
import { version } from "../package.json";
import type { ApplyFlags } from "./apply";
import { consoleOutput, exitCode, type Output } from "./command";
import { addRequests, completion, installation, shells } from "./completion/scripts";
import type { RunOptions } from "./context";
import type { DashboardFlags } from "./dashboard";
import type { DestroyFlags } from "./destroy";
import type { InitFlags } from "./init";
import { ciSystems } from "./init/ci-systems";
import {
  choiceArgument,
  choiceOption,
  durationOption,
  type Format,
  fileOption,
  formats,
  numberOption,
} from "./options";
import type { SynthFlags } from "./synth";
import type { TrafficFlags } from "./traffic";
import type { UpFlags } from "./up";
import type { VerifyFlags } from "./verify";

type WithFormat = RunOptions & { readonly output: Format };

/**
 * The command line. Commander parses and checks every option here; an action then loads its command, so that
 * `mesh --help` starts fast.
 * @param exit called with the exit code of the command that ran
 */
export function program(exit: (code: number) => void, output: Output = consoleOutput): Command {
  const mesh = new Command("mesh")
    .description("Create and run one Istio mesh over several AKS clusters, from one file.")
    .version(version)
    .showSuggestionAfterError()
    .exitOverride((error) => {
      throw Object.assign(error, { exitCode: error.exitCode === 0 ? exitCode.fine : exitCode.badInput });
    });

  /** A command about a mesh, which every one but `completion` is. */
  const command = (name: string, description: string, ...examples: string[]) =>
    mesh
      .command(name)
      .description(description)
      .addHelpText("after", exampleText(examples))
      .addOption(fileOption("-f, --file <file>", "mesh file (default: $MESH_FILE, then mesh.yaml)"));
  /** @param run gets the mesh file, the other options, and the arguments */
  const action =
    <Flags>(run: (file: string, flags: Flags, words: string[]) => number | Promise<number>) =>
    async (...parameters: unknown[]) => {
      const [{ file, ...flags }] = parameters.splice(-2) as [{ file?: string }];
      exit(await run(meshFile(file), flags as Flags, parameters.flat() as string[]));
    };

  const verbose = () => new Option("--verbose", "print every program that runs, ready to paste");
  const format = () => choiceOption("-o, --output <format>", "output format", formats).default("text");
  const checkFormat = () =>
    choiceOption("-o, --output <format>", "output format", [...formats, "junit"]).default("text");
  const withoutKeys = () =>
    new Option("--without-keys", "leave out the files with keys; for CI, which has no CA");
  const prune = () => new Option("--prune", "delete resources that are no longer in mesh.yaml");
  const yes = () => new Option("-y, --yes", "answer every question with yes");

  mesh.commandsGroup("Set up:");
  command(
    "init",
    "Write a first mesh.yaml, and an npm project that tests it with snapshots; overwrites nothing",
    "mesh init                                         two AKS clusters that Terraform creates",
    "mesh init --context kind-one --context kind-two   existing clusters",
    "mesh init --ci github                             and a pipeline: pull requests show the change, main applies it",
  )
    .option(
      "--context <context...>",
      "kubeconfig contexts of existing clusters, the primary first (default: two AKS clusters)",
    )
    .addOption(choiceOption("--ci <system>", "also write a pipeline for this CI system", ciSystems))
    .action(action(async (file, flags: InitFlags) => (await import("./init")).init(file, flags, output)));
  command("ca", "Create the mesh's root and intermediate CAs, or check your own", "mesh ca").action(
    action(async (file) => (await import("./ca")).ca(file, output)),
  );
  command(
    "synth",
    "Write Terraform JSON, manifests and the runbook",
    "mesh synth -f shop.yaml",
    "mesh synth --check   in CI, where dist is committed",
  )
    .addOption(format())
    .option("--check", "write nothing; exit 1 if dist is not what mesh.yaml gives; needs no keys")
    .addOption(withoutKeys())
    .action(action(async (file, flags: SynthFlags) => (await import("./synth")).synth(file, flags, output)));
  command(
    "render",
    "Run synth, and write Istio's manifests as istioctl renders them; needs no cluster",
    "mesh render",
  )
    .addOption(format())
    .addOption(verbose())
    .action(
      action(async (file, flags: WithFormat) => (await import("./render")).render(file, flags, output)),
    );
  command("diff", "Show what synth would change; exit 1 if anything", "mesh diff -o json")
    .addOption(format())
    .addOption(withoutKeys())
    .action(
      action(async (file, flags: WithFormat) => (await import("./diff")).showDiff(file, flags, output)),
    );
  command(
    "images",
    "List every container image of the mesh; -o json adds the name that the clusters pull",
    "mesh images | xargs -n 1 az acr import --name team --source",
  )
    .addOption(format())
    .action(
      action(async (file, flags: WithFormat) => (await import("./images")).images(file, flags, output)),
    );

  mesh.commandsGroup("Run:");
  command("doctor", "Run pre-flight checks; changes nothing, exit 1 if one fails", "mesh doctor -o junit")
    .addOption(checkFormat())
    .addOption(verbose())
    .action(
      action(async (file, flags: VerifyFlags) => (await import("./doctor")).doctor(file, flags, output)),
    );
  command(
    "apply",
    "Apply mesh.yaml to the clusters; idempotent",
    "mesh apply --dry-run",
    "mesh apply --prune",
    "mesh apply --only main0 --until control-plane",
  )
    .addOption(verbose())
    .option("--only <cluster>", "work on this cluster only")
    .addOption(choiceOption("--until <phase>", "stop after this phase", phases))
    .addOption(durationOption("--timeout <duration>", "deadline of every step (default: the step's own)"))
    .addOption(
      new Option("--dry-run", "show what would change in the clusters, and change nothing").conflicts([
        "until",
        "timeout",
      ]),
    )
    .addOption(prune())
    .addOption(yes().hideHelp())
    .on("option:yes", function (this: Command) {
      this.error("error: mesh apply asks no question, so it has no --yes; did you mean --prune?");
    })
    .action(action(async (file, flags: ApplyFlags) => (await import("./apply")).apply(file, flags, output)));
  command(
    "up",
    "Create the clusters with Terraform, apply the mesh, verify it; idempotent",
    "mesh up",
    "mesh up --yes --prune",
    "mesh up --replace remote0",
  )
    .addOption(verbose())
    .addOption(prune())
    .option(
      "--replace <cluster...>",
      "let Terraform replace or destroy this AKS cluster and everything on it",
    )
    .addOption(yes())
    .action(action(async (file, flags: UpFlags) => (await import("./up")).up(file, flags, output)));
  command(
    "split",
    "Set the traffic percentage of each version, in mesh.yaml and in the mesh",
    "mesh split v1=90 v2=10",
  )
    .argument("<version=percent...>", "every version that runs; the sum is 100, and 0 sends it nothing")
    .addOption(verbose())
    .action(
      action(async (file, flags: RunOptions, words) =>
        (await import("./split")).split(file, words, flags, output),
      ),
    );

  mesh.commandsGroup("Look:");
  command(
    "status",
    "Show clusters, gateways, proxies and certificates; exit 1 if something is wrong",
    "mesh status -o json",
  )
    .addOption(format())
    .addOption(verbose())
    .action(
      action(async (file, flags: WithFormat) => (await import("./status")).showStatus(file, flags, output)),
    );
  command(
    "verify",
    "Verify the mesh; exit 1 if a check fails",
    "mesh verify --wait 2m",
    "mesh verify --only trust gateways --context aks-main",
    "mesh verify -o junit > verify.xml",
  )
    .addOption(checkFormat())
    .option("--only <check...>", "run these checks or layers, and the checks that they need")
    .option("--context <context...>", "report checks of these clusters only")
    .option("--scale", "also scale the sample up, check that every client sees it, and scale it back")
    .addOption(
      durationOption(
        "--wait [duration]",
        "repeat until the mesh is healthy, for at most this long (default: 5m)",
      ).preset("5m"),
    )
    .addOption(verbose())
    .action(
      action(async (file, flags: VerifyFlags) => (await import("./verify")).verify(file, flags, output)),
    );
  command(
    "endpoints",
    "Show the sample's endpoints as each cluster's client sees them; exit 1 if one is unhealthy",
    "mesh endpoints -o json",
  )
    .addOption(format())
    .addOption(verbose())
    .action(
      action(async (file, flags: WithFormat) =>
        (await import("./endpoints")).showEndpoints(file, flags, output),
      ),
    );
  command(
    "traffic",
    "Send requests from every cluster and show who answers; exit 1 if one fails",
    "mesh traffic --from main0 --rate 20 --duration 5m",
  )
    .addOption(format())
    .addOption(verbose())
    .option("--from <cluster...>", "clusters whose clients send requests (default: all)")
    .addOption(
      numberOption("--rate <requests>", "requests per second from each cluster, 1 to 100", 1, 100).default(
        10,
      ),
    )
    .addOption(
      durationOption("--duration <duration>", "how long (default: until Ctrl-C; without a terminal 1m)"),
    )
    .action(
      action(async (file, flags: TrafficFlags) => (await import("./traffic")).traffic(file, flags, output)),
    );
  command("dashboard", "Open Kiali or Prometheus until Ctrl-C", "mesh dashboard kiali --port 20001")
    .addArgument(choiceArgument("[name]", "the dashboard", ["kiali", "prometheus"]).default("kiali"))
    .addOption(verbose())
    .addOption(numberOption("--port <port>", "local port, 1 to 65535 (default: a free one)", 1, 65_535))
    .option("--no-browser", "print the address and open no browser")
    .action(
      action(async (file, flags: DashboardFlags, [name]) =>
        (await import("./dashboard")).dashboard(file, name as "kiali" | "prometheus", flags, output),
      ),
    );
  command(
    "report",
    "Write an HTML page with every check and its evidence; exits as verify does",
    "mesh report --to reports/today.html",
  )
    .addOption(fileOption("--to <file>", "the page").default("mesh-report.html"))
    .addOption(verbose())
    .action(
      action(async (file, flags: RunOptions & { readonly to: string }) =>
        (await import("./report")).writeReport(file, flags, output),
      ),
    );

  mesh.commandsGroup("Take down:");
  command("destroy", "Uninstall the mesh from all clusters", "mesh destroy", "mesh destroy --infra --yes")
    .addOption(verbose())
    .addOption(yes())
    .option("--crds", "also delete Istio's CRDs, and with them every Istio resource in the clusters")
    .option("--infra", "then delete the AKS clusters and their resource group with Terraform")
    .action(
      action(async (file, flags: DestroyFlags) => (await import("./destroy")).destroy(file, flags, output)),
    );

  mesh.commandsGroup("Other:").helpCommand("help [command]", "Show the help of a command");
  const completionCommand = mesh
    .command("completion")
    .description("Print the script that completes mesh in a shell")
    .addHelpText("after", exampleText(["mesh completion bash"]) + installation)
    .addArgument(choiceArgument("<shell>", "the shell", shells))
    .action(async (shell) => exit(await completion(shell, output)));
  addRequests(completionCommand, async (words) => {
    const { complete } = await import("./completion/complete");
    exit(await complete(mesh, words, output));
  });

  refuseRepeats(mesh);
  reportValuesTogether(mesh);
  return mesh;
}

const exampleText = (examples: readonly string[]) =>
  `\n${examples.length > 1 ? "Examples" : "Example"}:\n${examples.map((line) => `  ${line}`).join("\n")}`;

/** Commander would use the last of several values without a word. */
function refuseRepeats({ commands }: Command): void {
  for (const command of commands)
    for (const option of command.options.filter((one) => (one.required || one.optional) && !one.variadic)) {
      let given = 0;
      command.on(`option:${option.name()}`, () => {
        given++;
        if (given > 1)
          command.error(`error: option '${option.flags}' is given ${given} times, expected once`);
      });
    }
}

/** Commander would stop at the first wrong value. */
function reportValuesTogether(mesh: Command): void {
  const problems: Problem[] = [];
  for (const { options, registeredArguments } of mesh.commands)
    for (const parameter of [...options, ...registeredArguments]) {
      const parse = parameter.parseArg;
      if (!parse) continue;
      parameter.argParser((value: string, previous: unknown) => {
        try {
          return parse(value, previous);
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          problems.push(...error.problems);
          return undefined;
        }
      });
    }
  mesh.hook("preAction", () => {
    if (problems.length > 0) throw new InputError(problems);
  });
}
