import { remoteSecret } from "../composed-mesh";
import { type Fault, objects } from "../fault";

export const remoteSecretFaults: readonly Fault[] = [
  {
    name: "no remote secret",
    break: (composed) => {
      objects(composed, "main0").secrets.pop();
    },
    expect: "fail control-plane.remote-secret remote0",
    says: /there is no remote secret for remote0/,
  },
  {
    name: "a remote secret without its label",
    break: (composed) => {
      objects(composed, "main0").secrets[1].metadata.labels = {};
    },
    expect: "fail control-plane.remote-secret remote0",
    says: /the Secret istio-remote-secret-remote0 holds it, without the label istio\/multiCluster/,
  },
  {
    name: "a remote secret whose annotation is another cluster's",
    break: (composed) => {
      objects(composed, "main0").secrets[1].metadata.annotations["networking.istio.io/cluster"] = "remote9";
    },
    expect: "fail control-plane.remote-secret remote0",
    says: /has the key remote0, and is annotated as remote9's/,
  },
  {
    name: "a remote secret with an exec plugin",
    break: (composed) => {
      objects(composed, "main0").secrets[1] = remoteSecret("remote0", {
        user: { exec: { command: "kubelogin" } },
      });
    },
    expect: "fail control-plane.remote-secret remote0",
    says: /logs in by exec, which istiod refuses/,
  },
  {
    name: "a remote secret without a kubeconfig",
    break: (composed) => {
      objects(composed, "main0").secrets[1].data.remote0 = Buffer.from("{:").toString("base64");
    },
    expect: "fail control-plane.remote-secret remote0",
    says: /holds no kubeconfig under remote0/,
  },
  {
    name: "two remote secrets for one cluster",
    break: (composed) => {
      objects(composed, "main0").secrets.push(remoteSecret("remote0", {}, "a-copy"));
    },
    expect: "fail control-plane.remote-secrets",
    says: /remote0 has 2: istio-remote-secret-remote0, a-copy/,
    command: /^kubectl --context main0 -n istio-system delete secret a-copy$/,
  },
  {
    name: "a remote secret of a removed cluster",
    break: (composed) => {
      objects(composed, "main0").secrets.push(remoteSecret("gone"));
    },
    expect: "fail control-plane.remote-secrets",
    says: /istio-remote-secret-gone is of gone, which mesh\.yaml does not name as a remote/,
    command: /delete secret istio-remote-secret-gone$/,
  },
  {
    name: "a loopback server in the remote secret",
    break: (composed) => {
      objects(composed, "main0").secrets[1] = remoteSecret("remote0", { server: "https://127.0.0.1:40123" });
    },
    expect: "fail control-plane.remote-server remote0",
    says: /https:\/\/127\.0\.0\.1:40123 is this machine's own/,
  },
  ...(
    [
      ["401", /does not know the token of the remote secret/],
      ["403", /may not list pods/],
      [
        "curl: (60) SSL certificate problem: unable to get local issuer certificate\n000",
        /certificate of the API server is not of the authority/,
      ],
      [
        "curl: (28) Connection timed out after 5001 milliseconds\n000",
        /does not answer the primary: a firewall, authorized IP ranges, or a private address/,
      ],
      [
        "curl: (6) Could not resolve host: aks.privatelink.azmk8s.io\n000",
        /DNS lookup of the server's name failed in the primary/,
      ],
      ["500", /gives an unexpected answer/],
    ] as const
  ).map(
    ([said, says]): Fault => ({
      name: `the primary cannot read the API server: ${said.split("\n")[0]}`,
      break: ({ clusters }) => {
        clusters.main0!.access.remote0 = said;
      },
      expect: "fail control-plane.remote-access remote0",
      says,
    }),
  ),
  {
    name: "a reader ClusterRole with fewer permissions (istio/istio#59845)",
    lines: ["current"],
    break: ({ clusters }) => {
      clusters.main0!.access.remote0 = "200\n200\n200\n200\n403\n403";
    },
    expect: "fail control-plane.remote-access remote0",
    says: /may not list secrets, configmaps in remote0: its ClusterRole differs from the one that istioctl installed/,
    command: /^mesh apply/,
    fix: /restores the ClusterRole/,
  },
  {
    name: "istiod timed out on the remote (it becomes ready after 30 seconds anyway)",
    lines: ["current"],
    break: (composed) => {
      composed.readClusters = { main0: "synced", remote0: "timeout" };
    },
    expect: "fail control-plane.synced remote0",
    says: /istiod of main0 says: timeout/,
    command: /logs -l app=istiod --prefix /,
  },
  {
    name: "an istiod that does not know the remote",
    lines: ["current"],
    break: (composed) => {
      composed.readClusters = { main0: "synced" };
    },
    expect: "fail control-plane.synced remote0",
    says: /does not know remote0/,
  },
];
