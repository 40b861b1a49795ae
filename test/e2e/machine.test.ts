import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyKubeconfig, entriesOf } from "./kubeconfig";
import { bare, describeInLab, must, sh } from "./lab";
import { both, meshYaml, minutes, primary, remote, Tool } from "./tool";

// Settings of users' machines, against real clusters: a kuberc, context names, several kubeconfigs.

describeInLab(
  "settings of users' machines",
  () => {
    let home: string;
    let kubeconfig: string;
    let tool: Tool;
    beforeAll(() => {
      bare(both);
      home = mkdtempSync(join(tmpdir(), "mesh-home-"));
      kubeconfig = join(home, "config");
      copyKubeconfig(kubeconfig);
    }, 10 * minutes);
    afterAll(() => {
      bare(both);
      rmSync(home, { recursive: true, force: true });
    }, 10 * minutes);
    afterEach(() => tool.remove());

    const namespaces = (context: string) =>
      must(`kubectl --context ${context} get namespaces -o name`)
        .split("\n")
        .filter((name) => /istio|sample/.test(name));

    test(
      "a kuberc does not change apply and destroy, with context names that have spaces",
      async () => {
        // The two examples of kubectl's manual, and one that takes JSON away.
        mkdirSync(join(home, ".kube"));
        writeFileSync(
          join(home, ".kube/kuberc"),
          `apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults:
  - { command: apply, options: [{ name: server-side, default: "true" }] }
  - { command: delete, options: [{ name: interactive, default: "true" }] }
  - { command: get, options: [{ name: output, default: wide }] }
`,
        );
        const names = { [primary]: "AKS Dev Env", [remote]: "default/api:6443/Jörg (Müller)" };
        for (const context of both)
          must(`kubectl --kubeconfig ${kubeconfig} config rename-context ${context} '${names[context]}'`);
        const env = { HOME: home, KUBECONFIG: kubeconfig };
        expect(
          sh(`HOME=${home} kubectl --kubeconfig ${kubeconfig} --context 'AKS Dev Env' get --raw /version`)
            .err,
        ).toContain("--raw and --output are mutually exclusive");
        tool = new Tool(meshYaml("", `"${names[primary]}"`, `"${names[remote]}"`));
        expect(await tool.run(["ca"], env)).toMatchObject({ code: 0 });

        const first = await tool.run(["apply", "--until", "namespaces"], env);
        expect(first).toMatchObject({ code: 0 });
        for (const context of both)
          expect(namespaces(context)).toEqual(["namespace/istio-system", "namespace/sample"]);
        const manager = `-n istio-system get secret cacerts -o jsonpath='{.metadata.managedFields[*].operation}'`;
        expect(must(`kubectl --context ${primary} ${manager}`)).toBe("Update");
        const second = await tool.run(["apply", "--until", "namespaces"], env);
        expect(second).toMatchObject({ code: 0 });
        expect(second.out + second.err).toContain("nothing to change");

        expect(await tool.run(["destroy", "--yes"], env)).toMatchObject({ code: 0 });
        for (const context of both) expect(namespaces(context)).toEqual([]);
      },
      10 * minutes,
    );

    test(
      "two kubeconfigs with one user name: doctor and apply name the file that takes effect, and no other cause",
      async () => {
        const files = both.map((context) => {
          const file = join(home, `of-${context}`);
          must(`kubectl --context ${context} config view --raw --flatten --minify > ${file}`);
          const { user } = entriesOf(context, file);
          writeFileSync(
            file,
            readFileSync(file, "utf8")
              .replace(`user: ${user}`, "user: admin")
              .replace(`name: ${user}\n  user:`, "name: admin\n  user:"),
            { mode: 0o600 },
          );
          return file;
        });
        tool = new Tool(meshYaml());
        const env = { HOME: home, KUBECONFIG: files.join(":") };
        expect(await tool.run(["ca"], env)).toMatchObject({ code: 0 });
        const words = `the user admin is in ${files[0]} and in ${files[1]}, and the first counts`;
        const looked = await tool.run(["doctor"], env);
        expect(looked).toMatchObject({ code: 1, out: expect.stringContaining(words) });
        expect(looked.out).not.toContain("system:anonymous");
        expect(looked.out).toContain("checks failed: ");
        expect((await tool.run(["apply"], env)).err).toContain(words);
        writeFileSync(files[1]!, readFileSync(files[1]!, "utf8").replaceAll("admin", "other"));
        expect((await tool.run(["doctor"], env)).out).not.toContain("and the first counts");
      },
      5 * minutes,
    );
  },
  both,
);
