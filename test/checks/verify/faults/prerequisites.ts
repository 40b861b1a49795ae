import { ProgramFailed } from "../../../../ops/exec/errors";
import { objectIn } from "../composed-mesh";
import { type Fault, gatewayOf, objects } from "../fault";

export const prerequisiteFaults: readonly Fault[] = [
  {
    name: "objects that are not as mesh.yaml has them",
    break: ({ clusters }) => {
      clusters.remote0!.drift = ["Service sample/helloworld does not exist"];
    },
    expect: "warn installed.drift remote0",
    says: /^Service sample\/helloworld does not exist$/,
    command: /^mesh apply -f \S+ --dry-run\nmesh apply/,
  },
  {
    name: "more objects than are worth a line each",
    break: ({ clusters }) => {
      clusters.remote0!.drift = Array.from(
        { length: 12 },
        (_, index) => `Service sample/s${index} does not exist`,
      );
    },
    expect: "warn installed.drift remote0",
    says: /^(Service .*\n){5}7 more objects differ$/,
  },
  {
    name: "nothing is installed",
    break: ({ clusters }) => {
      for (const cluster of Object.values(clusters)) {
        Object.assign(cluster, { istioSystem: [], secrets: [], networking: [], crds: [], webhooks: [] });
        cluster.namespaces = cluster.namespaces.filter(({ metadata }) => metadata.name === "kube-system");
      }
    },
    expect: "fail installed.mesh main0",
    says: /there is no namespace istio-system/,
    command: /^mesh apply -f \S+$/,
  },
  {
    name: "the remote has an empty istio-system",
    break: (composed) => {
      objects(composed, "remote0").istioSystem = [];
    },
    expect: "fail installed.mesh remote0",
    says: /there is no Deployment in istio-system/,
  },
  {
    name: "an API server that does not answer",
    break: (composed) => {
      objects(composed, "remote0").kubernetes = new ProgramFailed(
        "kubectl get --raw /version",
        1,
        "The connection to the server was refused",
      );
    },
    expect: "fail reachable.api remote0",
    says: /refused/,
  },
  {
    name: "an API server without a connection to its nodes",
    break: (composed) => {
      objects(composed, "remote0").noWayToPods =
        "the API server cannot connect to its nodes (exec, port-forward): error dialing backend: EOF";
    },
    expect: "fail reachable.nodes remote0",
    says: /^the API server cannot connect to its nodes \(exec, port-forward\): .*error dialing backend: EOF$/,
    command: /^kubectl --context remote0 -n sample exec .* -- true$/,
    fix: /konnectivity-agent/,
  },
  {
    name: "no read permission",
    break: (composed) => {
      objects(composed, "main0").accessReview = {
        user: "viewer",
        refused: [{ verb: "list", group: "", resource: "secrets", namespace: "istio-system" }],
      };
    },
    expect: "fail rights.read main0",
    says: /viewer may not:\n {2}list secrets in istio-system/,
  },
  {
    name: "no permission to exec into the client",
    break: (composed) => {
      objects(composed, "main0").accessReview = {
        refused: [{ verb: "create", group: "", resource: "pods/exec", namespace: "sample" }],
      };
    },
    expect: "fail rights.send main0",
    says: /create pods\/exec in sample/,
  },
  {
    name: "the same cluster under two contexts",
    break: ({ clusters }) => {
      clusters.remote0!.namespaces[0].metadata.uid = "uid-of-main0";
    },
    expect: "fail clusters.distinct remote0",
    says: /lead to the same cluster/,
  },
  {
    name: "a CRD that is not established",
    break: (composed) => {
      objects(composed, "remote0").crds.pop();
    },
    expect: "fail installed.crds remote0",
    says: /not served: destinationrules\.networking\.istio\.io/,
  },
  {
    name: "a proxy newer than istiod",
    break: (composed) => {
      const pod = objectIn(objects(composed, "remote0").sample, "Pod", "helloworld-v2-0");
      pod.spec.containers[0].image = "docker.io/istio/proxyv2:1.99.0";
    },
    expect: "fail versions.skew remote0",
    says: /the proxy of sample\/helloworld-v2-0 is 1\.99\.0, istiod of \w+ /,
    command: /rollout restart deployment/,
  },
  {
    name: "a proxy two versions behind",
    lines: ["current"],
    break: (composed) => {
      const pod = objectIn(objects(composed, "main0").sample, "Pod", "helloworld-v1-0");
      pod.spec.containers[0].image = "docker.io/istio/proxyv2:1.29.4";
    },
    expect: "fail versions.skew main0",
    says: /is 1\.29\.4/,
  },
  {
    name: "a proxy of another patch version",
    break: (composed) => {
      const { major, minor } = { major: 1, minor: composed.mesh.istio.line.id.split(".")[1] };
      const pod = objectIn(objects(composed, "main0").sample, "Pod", "helloworld-v1-0");
      pod.spec.containers[0].image = `docker.io/istio/proxyv2:${major}.${minor}.99`;
    },
    expect: "warn versions.istio main0",
    says: /sample\/helloworld-v1-0 runs 1\.\d+\.99; mesh\.yaml asks for/,
  },
  {
    name: "a gateway of another patch version",
    break: (composed) => {
      const minor = composed.mesh.istio.line.id;
      const pod = objectIn(objects(composed, "remote0").istioSystem, "Pod", `${gatewayOf(composed)}-0`);
      pod.spec = {
        containers: [{ name: "istio-proxy", image: `docker.io/istio/proxyv2:${minor}.99` }],
      };
    },
    expect: "warn versions.istio remote0",
    says: /istio-system\/istio-\w+gateway-0 runs 1\.\d+\.99/,
    command:
      /^mesh apply -f \S+\nmesh verify --only endpoints\.injection --wait 2m -f \S+ && kubectl --context remote0 -n istio-system rollout restart deployment$/,
  },
  {
    name: "Kubernetes too new for istioctl's remote secret (no token Secrets since 1.24: istio/istio#38246)",
    lines: ["1.7"],
    break: (composed) => {
      for (const cluster of Object.values(composed.clusters)) cluster.kubernetes = "v1.24.0";
      composed.programs.kubectl = "v1.24.0";
    },
    expect: "fail versions.kubernetes main0",
    says: /Kubernetes 1\.24\.0; Istio 1\.7 supports 1\.16 to 1\.18/,
  },
];
