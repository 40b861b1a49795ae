import { certificatesIn } from "../../ca/certificate";
import { meshCommand } from "../../mesh/paths";
import { formatProblem, InputError } from "../../mesh/problem";
import { type Check, pass, passIfNone, problem } from "../check";
import { haveOneInCommon, shortFingerprints } from "../compare-certificates";
import { kubectlIn } from "../suggested-commands";
import type { DoctorWorld } from "./world";

export const trustChecks: readonly Check<DoctorWorld>[] = [
  {
    id: "trust.ca",
    of: "mesh",
    severity: "fail",
    title: "every cluster has a valid CA",
    looksAt:
      "the CA's folder: each cluster's intermediate and key, its chain to one root, dates, key usage, and that it is not one of Istio's published samples",
    why: "Without `cacerts` istiod silently signs with its own root, and workloads with different roots do not trust each other.",
    fix: "create the CA with `mesh ca`, and back it up",
    needs: [],
    look({ mesh, meshFile, ca }) {
      try {
        const { material } = ca();
        const missing = mesh.clusters.filter(({ name }) => !material?.[name]).map(({ name }) => name);
        const make = { commands: [meshCommand(meshFile, "ca")] };
        if (!material) return problem("there is no CA yet", make);
        if (missing.length > 0) return problem(`there is no CA for ${missing.join(", ")}`, make);
        const root = material[mesh.primary.name]!.rootCert;
        return pass(`root ${shortFingerprints(certificatesIn(root))}`);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        return problem(
          error.problems
            .map((problem) => formatProblem(problem))
            .join("\n")
            .split("\n"),
          {
            fix: "see each line above",
          },
        );
      }
    },
  },
  {
    id: "trust.ca-lasts",
    of: "mesh",
    severity: "warn",
    title: "the CA is stored safely and does not expire soon",
    looksAt: "days left, files that others can read, keys that clusters share",
    why: "When a CA certificate expires, all mTLS in the mesh fails at once.",
    fix: "see each line above",
    needs: ["trust.ca"],
    look({ ca }) {
      const { warnings } = ca();
      return passIfNone(
        warnings.flatMap((warning) => warning.split("\n")),
        {},
        "no warnings",
      );
    },
  },
  {
    id: "trust.same-root",
    of: "cluster",
    severity: "fail",
    title: "the cluster trusts the root CA of this mesh",
    looksAt:
      "root-cert.pem of the Secret cacerts and of the ConfigMap istio-ca-root-cert in istio-system, against the CA's folder; keys are not read",
    why: "A mesh has one root CA: workloads with certificates under another root refuse this one's (CERTIFICATE_VERIFY_FAILED) until they restart.",
    fix: "restore the CA folder that the cluster was installed with, or run `mesh destroy` before you install with this one",
    needs: ["trust.ca", "rights.read"],
    async look({ mesh, ca, probes }, cluster) {
      const wanted = certificatesIn(ca().material![cluster.name]!.rootCert);
      const installed = {
        "Secret cacerts": await probes(cluster).installedRoot(),
        "ConfigMap istio-ca-root-cert": await probes(cluster).trustedRoot(),
      };
      const present = Object.entries(installed).filter(([, pem]) => pem !== undefined);
      const others = present.filter(([, pem]) => !haveOneInCommon(certificatesIn(pem!), wanted));
      if (present.length === 0) return pass("nothing is installed");
      if (others.length === 0)
        return pass(`${shortFingerprints(wanted)} in ${present.map(([where]) => where).join(" and ")}`);
      return problem(
        [
          ...others.map(([where, pem]) => `${where} has the root ${shortFingerprints(certificatesIn(pem!))}`),
          `the CA of ${mesh.name} has ${shortFingerprints(wanted)}`,
        ],
        { commands: [kubectlIn(cluster, "-n", "istio-system", "get", "configmap,secret")] },
      );
    },
  },
];
