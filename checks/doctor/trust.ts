import { meshCommand } from "../../mesh/paths";
import { formatProblem, InputError } from "../../mesh/problem";
import { certificatesOf, haveOneInCommon, shortFingerprints } from "../certificates";
import { type Check, faulty, sound } from "../check";
import { kubectlIn } from "../commands";
import type { DoctorWorld } from "./world";

export const trustChecks: readonly Check<DoctorWorld>[] = [
  {
    id: "trust.ca",
    of: "mesh",
    severity: "fail",
    title: "every cluster has its CA, and it is sound",
    looksAt:
      "the CA's folder: each cluster's intermediate and key, its chain to one root, dates, key usage, and that it is not one of Istio's published samples",
    why: "Without `cacerts` istiod signs with a root of its own, without a word, and workloads of two roots refuse each other.",
    fix: "make it, and back it up",
    needs: [],
    look({ mesh, meshFile, ca }) {
      try {
        const { material } = ca();
        const missing = mesh.clusters.filter(({ name }) => !material?.[name]).map(({ name }) => name);
        const make = { commands: [meshCommand(meshFile, "ca")] };
        if (!material) return faulty("there is no CA yet", make);
        if (missing.length > 0) return faulty(`there is no CA for ${missing.join(", ")}`, make);
        const root = material[mesh.primary.name]!.rootCert;
        return sound(`root ${shortFingerprints(certificatesOf(root))}`);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        return faulty(
          error.problems
            .map((problem) => formatProblem(problem))
            .join("\n")
            .split("\n"),
          {
            fix: "as said with each",
          },
        );
      }
    },
  },
  {
    id: "trust.ca-lasts",
    of: "mesh",
    severity: "warn",
    title: "the CA lasts, and is kept as it should be",
    looksAt: "days left, files that others can read, keys that clusters share",
    why: "A certificate that expires takes the mesh with it, all of it at one moment.",
    fix: "as said with each",
    needs: ["trust.ca"],
    look({ ca }) {
      const { warnings } = ca();
      return warnings.length > 0
        ? faulty(warnings.flatMap((warning) => warning.split("\n")))
        : sound("no warnings");
    },
  },
  {
    id: "trust.same-root",
    of: "cluster",
    severity: "fail",
    title: "what is installed trusts the root of this CA",
    looksAt:
      "root-cert.pem of the Secret cacerts and of the ConfigMap istio-ca-root-cert in istio-system, against the CA's folder; keys are not read",
    why: "One mesh has one root: workloads that got their certificates under another refuse those of this one (CERTIFICATE_VERIFY_FAILED), until every one of them has restarted.",
    fix: "bring back the CA's folder that the cluster was installed with, or run `mesh destroy` before installing with this one",
    needs: ["trust.ca", "rights.read"],
    async look({ mesh, ca, probes }, cluster) {
      const wanted = certificatesOf(ca().material![cluster.name]!.rootCert);
      const installed = {
        "Secret cacerts": await probes(cluster).installedRoot(),
        "ConfigMap istio-ca-root-cert": await probes(cluster).trustedRoot(),
      };
      const present = Object.entries(installed).filter(([, pem]) => pem !== undefined);
      const others = present.filter(([, pem]) => !haveOneInCommon(certificatesOf(pem!), wanted));
      if (present.length === 0) return sound("nothing is installed yet");
      if (others.length === 0)
        return sound(`${shortFingerprints(wanted)} in ${present.map(([where]) => where).join(" and ")}`);
      return faulty(
        [
          ...others.map(([where, pem]) => `${where} has the root ${shortFingerprints(certificatesOf(pem!))}`),
          `the CA of ${mesh.name} has ${shortFingerprints(wanted)}`,
        ],
        { commands: [kubectlIn(cluster, "-n", "istio-system", "get", "configmap,secret")] },
      );
    },
  },
];
