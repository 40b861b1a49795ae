import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { meshFile } from "../mesh/paths";
import { version } from "../package.json";
import { consoleOutput, exitCode, type Output } from "./command";
import { addRequests, completion, installation, shells } from "./completion";
import { longestSeconds, parseDuration } from "./duration";

/**
 * The command line. A command parses its options and calls one function; what that function needs is loaded only
 * then, so that `mesh --help` starts fast.
 * @param exit called with the exit code of the command that ran
 */
export function program(exit: (code: number) => void, output: Output = consoleOutput): Command {
  const mesh = new Command("mesh")
    .description("One Istio mesh over several AKS clusters, from one file.")
    .version(version)
    .showSuggestionAfterError()
    .exitOverride((error) => {
      throw Object.assign(error, { exitCode: error.exitCode === 0 ? exitCode.fine : exitCode.badInput });
    });
  const fileOption = () =>
    new Option("-f, --file <file>", "the mesh (default: MESH_FILE, else mesh.yaml)")
      .argParser((given: string) => {
        if (given === "")
          throw new InvalidArgumentError("Allowed is the name of a file; leave -f out for mesh.yaml.");
        return meshFile(given);
      })
      .default(undefined);
  const json = () =>
    new Option("-o, --output <format>", "form of the result").choices(["text", "json"]).default("text");
  const command = (name: string, description: string, example: string) =>
    mesh.command(name).description(description).addHelpText("after", `\nExample:\n  ${example}`);

  command("init", "write a first mesh.yaml", "mesh init --context kind-one --context kind-two")
    .addOption(fileOption())
    .option(
      "--context <context...>",
      "clusters that exist already, the primary first (default: two AKS clusters)",
    )
    .action(async ({ file, context }) => {
      const { init } = await import("./init");
      exit(init(meshFile(file), context ?? [], output));
    });

  command("ca", "make the certificate authority, or what is missing of it", "mesh ca")
    .addOption(fileOption())
    .action(async ({ file }) => {
      const { ca } = await import("./ca");
      exit(await ca(meshFile(file), output));
    });

  command("synth", "write the Terraform JSON and the manifests of every cluster", "mesh synth -f shop.yaml")
    .addOption(fileOption())
    .addOption(json())
    .action(async ({ file, output: format }) => {
      const { synth } = await import("./synth");
      exit(synth(meshFile(file), format, output));
    });

  command(
    "diff",
    "show what a synth would change, resource by resource; exits with 1 if anything",
    "mesh diff -o json",
  )
    .addOption(fileOption())
    .addOption(json())
    .action(async ({ file, output: format }) => {
      const { showDiff } = await import("./diff");
      exit(showDiff(meshFile(file), format, output));
    });

  command(
    "images",
    "list every container image of the mesh, one a line; -o json adds the name that the clusters pull",
    "mesh images | xargs -n 1 az acr import --name team --source",
  )
    .addOption(fileOption())
    .addOption(json())
    .action(async ({ file, output: format }) => {
      const { images } = await import("./images");
      exit(images(meshFile(file), format, output));
    });

  const verbose = () => new Option("--verbose", "show every program that is run, ready to paste");
  const duration = (text: string) => {
    const seconds = parseDuration(text);
    if (seconds === undefined) throw new InvalidArgumentError("Allowed is a time such as 90, 90s or 5m.");
    return seconds;
  };
  const waiting = (text: string) => {
    const seconds = duration(text);
    if (seconds > longestSeconds) throw new InvalidArgumentError("Allowed is a day, 24h, at most.");
    return seconds;
  };
  const reportFormat = () =>
    new Option("-o, --output <format>", "form of the report")
      .choices(["table", "json", "junit"])
      .default("table");

  command(
    "doctor",
    "look what stands in the way of a mesh, before anything is changed",
    "mesh doctor -o junit",
  )
    .addOption(fileOption())
    .addOption(reportFormat())
    .addOption(verbose())
    .action(async ({ file, ...flags }) => {
      const { doctor } = await import("./doctor");
      exit(await doctor(meshFile(file), flags, output));
    });

  command("apply", "bring the clusters to what mesh.yaml says", "mesh apply --until control-plane")
    .addOption(fileOption())
    .addOption(verbose())
    .option("--only <cluster>", "work on this cluster alone")
    .option("--until <phase>", "stop after this phase")
    .option("--timeout <seconds>", "seconds for every step, instead of its own deadline")
    .option("--dry-run", "show what would change in the clusters, and change nothing there")
    .option("-y, --yes", "remove what mesh.yaml does not want any more")
    .action(async ({ file, dryRun, ...flags }) => {
      const { apply, dryRunApply } = await import("./apply");
      exit(await (dryRun ? dryRunApply : apply)(meshFile(file), flags, output));
    });

  command("up", "make the clusters with Terraform, then the mesh on them, and prove that it works", "mesh up")
    .addOption(fileOption())
    .addOption(verbose())
    .option(
      "-y, --yes",
      "do not ask before Azure is changed, and remove what mesh.yaml does not want any more",
    )
    .action(async ({ file, ...flags }) => {
      const { up } = await import("./up");
      exit(await up(meshFile(file), flags, output));
    });

  command("split", "send each version its percentage, in mesh.yaml and in the mesh", "mesh split v1=90 v2=10")
    .argument("<version=percent...>", "every version that runs, summing to 100; 0 sends it nothing")
    .addOption(fileOption())
    .addOption(verbose())
    .action(async (words, { file, ...flags }) => {
      const { split } = await import("./split");
      exit(await split(meshFile(file), words, flags, output));
    });

  command(
    "status",
    "show clusters, gateways, proxies and certificates; exits with 1 if something is not well",
    "mesh status -o json",
  )
    .addOption(fileOption())
    .addOption(json())
    .addOption(verbose())
    .action(async ({ file, output: format, ...flags }) => {
      const { showStatus } = await import("./status");
      exit(await showStatus(meshFile(file), format, flags, output));
    });

  command(
    "verify",
    "prove that the mesh works, or name the first layer that does not; exits with 1 where it is not proved",
    "mesh verify --wait 2m",
  )
    .addOption(fileOption())
    .addOption(reportFormat())
    .option("--only <check...>", "these checks or layers, and what they stand on")
    .option("--context <context...>", "checks of these clusters alone")
    .option("--scale", "then scale the sample up, watch every client see it, and scale it back")
    .addOption(
      new Option("--wait [time]", "look again until the mesh is healthy, for at most so long (default: 5m)")
        .argParser(waiting)
        .preset("5m"),
    )
    .addOption(verbose())
    .action(async ({ file, ...flags }) => {
      const { verify } = await import("./verify");
      exit(await verify(meshFile(file), flags, output));
    });

  command(
    "endpoints",
    "show what the client in each cluster sees of the sample; exits with 1 if something is not healthy",
    "mesh endpoints -o json",
  )
    .addOption(fileOption())
    .addOption(json())
    .addOption(verbose())
    .action(async ({ file, output: format, ...flags }) => {
      const { showEndpoints } = await import("./endpoints");
      exit(await showEndpoints(meshFile(file), format, flags, output));
    });

  command(
    "traffic",
    "send requests from every cluster and show where the answers come from; exits with 1 if one failed",
    "mesh traffic --from main0 --rate 20 --duration 5m",
  )
    .addOption(fileOption())
    .addOption(json())
    .addOption(verbose())
    .option("--from <cluster...>", "clusters whose clients send (default: all)")
    .option("--rate <requests>", "requests a second from each, 1 to 100", "10")
    .addOption(
      new Option("--duration <time>", "how long (default: until Ctrl-C; without a terminal 1m)").argParser(
        duration,
      ),
    )
    .action(async ({ file, output: format, ...flags }) => {
      const { traffic } = await import("./traffic");
      exit(await traffic(meshFile(file), format, flags, output));
    });

  command(
    "dashboard",
    "open Kiali, its graph on the sample, or Prometheus, until Ctrl-C",
    "mesh dashboard kiali --port 20001",
  )
    .addArgument(new Argument("[name]", "which one").choices(["kiali", "prometheus"]).default("kiali"))
    .addOption(fileOption())
    .addOption(verbose())
    .option("--port <port>", "port of this machine (default: a free one)")
    .option("--no-browser", "print the address and open no browser")
    .action(async (name, { file, ...flags }) => {
      const { dashboard } = await import("./dashboard");
      exit(await dashboard(meshFile(file), name, flags, output));
    });

  command(
    "report",
    "write one HTML page about the mesh, with every check and its evidence; exits as verify does",
    "mesh report --to reports/today.html",
  )
    .addOption(fileOption())
    .option("--to <file>", "the page", "mesh-report.html")
    .addOption(verbose())
    .action(async ({ file, ...flags }) => {
      const { writeReport } = await import("./report");
      exit(await writeReport(meshFile(file), flags, output));
    });

  command("destroy", "take the mesh off its clusters", "mesh destroy --infra")
    .addOption(fileOption())
    .addOption(verbose())
    .option("-y, --yes", "do not ask")
    .option("--crds", "Istio's CRDs too, with every Istio resource in the clusters")
    .option("--infra", "then the AKS clusters and their resource group, with Terraform")
    .action(async ({ file, ...flags }) => {
      const { destroy } = await import("./destroy");
      exit(await destroy(meshFile(file), flags, output));
    });

  const completionCommand = command(
    "completion",
    "print the script with which a shell completes mesh",
    "mesh completion bash",
  )
    .addArgument(new Argument("<shell>", "which one").choices(shells))
    .addHelpText("after", installation)
    .action(async (shell) => exit(await completion(shell, output)));
  addRequests(completionCommand, async (words) => {
    const { complete } = await import("./complete");
    exit(await complete(mesh, words, output));
  });

  refuseRepeats(mesh);
  return mesh;
}

/** Of two values for one thing the first would be dropped without a word. */
function refuseRepeats({ commands }: Command): void {
  for (const command of commands)
    for (const option of command.options.filter((one) => (one.required || one.optional) && !one.variadic)) {
      let given = 0;
      command.on(`option:${option.name()}`, () => {
        given++;
        if (given > 1)
          command.error(`error: option '${option.flags}' is given ${given} times; allowed is once`);
      });
    }
}
