import { parseMesh } from "../../mesh/load";
import { edited, refuses, twoClusters } from "./two-clusters";

test.each([
  "https://github.com/team/mesh.git",
  "https://dev.azure.com/team/My%20Project/_git/mesh",
  "https://git.example:8443/~me/mesh",
  "ssh://git@ssh.example:2222/team/mesh.git",
  "git@ssh.dev.azure.com:v3/team/project/mesh",
])("the repository %s is accepted", (repository) => {
  const text = `gitops: { tool: argocd, repository: "${repository}", revision: release/1.2 }\n${twoClusters}`;
  expect(parseMesh(text, "mesh.yaml").gitops).toEqual({
    tool: "argocd",
    repository,
    revision: "release/1.2",
    path: "dist",
    secretStore: undefined,
  });
});

test.each(["cni", "networkPolicy"] as const)("%s is off by default, and may be off on 1.7", (part) => {
  const { istio } = parseMesh(twoClusters, "mesh.yaml");
  expect(istio[part]).toBe(false);
  expect(parseMesh(`istio: { ${part}: true }\n${twoClusters}`, "mesh.yaml").istio[part]).toBe(true);
  const old = edited("azure:", `istio: { line: "1.7", ${part}: false }\nazure:`);
  expect(parseMesh(old, "mesh.yaml").istio[part]).toBe(false);
});

refuses({
  "a mesh name with capitals": {
    text: `name: Shop\n${twoClusters}`,
    says: /^1:7: name: invalid value "Shop": expected a DNS-1123 label/,
  },
  "a mesh name that is a number": {
    text: `name: 7\n${twoClusters}`,
    says: /name: invalid value 7: expected/,
  },
  "an unknown Istio line": {
    text: `istio: { line: "1.29" }\n${twoClusters}`,
    says: /istio\.line: invalid value "1\.29": expected one of .*, 1\.7/,
  },
  "an Istio version of another line": {
    text: `istio: { version: 1.7.3 }\n${twoClusters}`,
    says: /istio\.version: invalid value "1\.7\.3": expected (\d+\.\d+)\.x for Istio line \1, .*\n {2}fix: set istio\.line as well/,
  },
  "an Istio version without a patch": {
    text: `istio: { version: "1.31" }\n${twoClusters}`,
    says: /istio\.version: invalid value "1\.31": expected an Istio patch version, for example \d+\.\d+\.\d+/,
  },
  "a hub with a tag and a shell in it": {
    text: `istio: { hub: "a/b; rm -rf ~" }\n${twoClusters}`,
    says: /istio\.hub: invalid value "a\/b; rm -rf ~": expected a registry and path/,
  },
  "pull secrets that are not a list": {
    text: `istio: { pullSecrets: acr }\n${twoClusters}`,
    says: /istio\.pullSecrets: invalid value "acr": expected a list of Secret names/,
  },
  "a pull secret with capitals": {
    text: `istio: { pullSecrets: [ACR] }\n${twoClusters}`,
    says: /istio\.pullSecrets\[0\]: invalid value "ACR"/,
  },
  "a pull secret given twice": {
    text: `istio: { pullSecrets: [acr, acr] }\n${twoClusters}`,
    says: /pullSecrets\[1\]: duplicate value "acr"/,
  },
  ...Object.fromEntries(
    (["cni", "networkPolicy"] as const).flatMap((part) => [
      [
        `${part} that is no boolean`,
        {
          text: `istio: { ${part}: yes }\n${twoClusters}`,
          says: new RegExp(`^1:\\d+: istio\\.${part}: invalid value "yes": expected true or false`),
        },
      ],
      [
        `${part} given twice`,
        {
          text: `istio: { ${part}: true, ${part}: false }\n${twoClusters}`,
          says: new RegExp(`^1:\\d+: istio\\.${part}: duplicate field`),
        },
      ],
      [
        `${part} on 1.7`,
        {
          text: edited("azure:", `istio: { line: "1.7", ${part}: true }\nazure:`),
          says: new RegExp(
            `^1:\\d+: istio\\.${part}: invalid value true: Istio 1\\.7 (is installed as|has no) .*\n {2}fix: set it to false, or choose another istio\\.line`,
          ),
        },
      ],
    ]),
  ),

  "sample certificates accepted where none can be": {
    text: `ca: { acceptSampleCertificates: true }\n${twoClusters}`,
    says: /ca\.acceptSampleCertificates: invalid value true without ca\.files/,
  },
  "a yes that is no boolean": {
    text: `ca: { files: own, acceptSampleCertificates: yes }\n${twoClusters}`,
    says: /acceptSampleCertificates: invalid value "yes": expected true or false/,
  },
  "a CA folder that is an option": {
    text: `ca: { files: -rf }\n${twoClusters}`,
    says: /ca\.files: invalid value "-rf": expected a folder/,
  },
  "another GitOps tool": {
    text: `gitops: { tool: fleet }\n${twoClusters}`,
    says: /gitops\.tool: invalid value "fleet": expected argocd or flux/,
  },
  "Argo CD without a repository": {
    text: `gitops: { tool: argocd }\n${twoClusters}`,
    says: /gitops\.repository: required for argocd: .*\n {2}fix: add it, for example/,
  },
  "Flux with a branch": {
    text: `gitops: { tool: flux, revision: main }\n${twoClusters}`,
    says: /gitops\.revision: invalid value "main" for flux: .*\n {2}fix: remove it/,
  },
  ...Object.fromEntries(
    [
      "https://team:token@example.com/mesh.git",
      "http://example.com/mesh.git",
      "git@example.com:mesh.git; rm -rf ~",
      "--upload-pack=x",
      "/srv/mesh.git",
      "https://example.com/mesh.git/",
    ].map((repository) => [
      `the repository ${repository}`,
      {
        text: `gitops: { tool: argocd, repository: ${JSON.stringify(repository)} }\n${twoClusters}`,
        says: /gitops\.repository: invalid value .*: expected a repository over HTTPS or SSH, without a password/,
      },
    ]),
  ),
  ...Object.fromEntries(
    ["../dist", "/dist", "a/../b", "dist/", "-dist", "a b", "dist.lock", "a..b"].map((path) => [
      `the folder ${path} of a repository`,
      {
        text: `gitops: { tool: flux, path: ${JSON.stringify(path)} }\n${twoClusters}`,
        says: /gitops\.path: invalid value .*: expected letters, digits and/,
      },
    ]),
  ),
  "a secret store with capitals": {
    text: `gitops: { tool: flux, secretStore: KeyVault }\n${twoClusters}`,
    says: /gitops\.secretStore: invalid value "KeyVault": expected a DNS-1123 subdomain/,
  },
  "an address of no kind": {
    text: `gateways: { address: dynamic }\n${twoClusters}`,
    says: /gateways\.address: invalid value "dynamic": expected discovered or static/,
  },
  "a source range without a length": {
    text: `gateways: { allowedSourceRanges: [203.0.113.7] }\n${twoClusters}`,
    says: /allowedSourceRanges\[0\]: invalid value "203\.0\.113\.7": expected an IPv4 range/,
  },
  "a source range beyond IPv4": {
    text: `gateways: { allowedSourceRanges: [300.0.113.0/24, 10.0.0.0/33, "::/0"] }\n${twoClusters}`,
    says: /allowedSourceRanges\[0\]: invalid value "300\.0\.113\.0\/24"/,
  },
  "no ingress gateway on 1.7": {
    text: edited("azure:", 'istio: { line: "1.7" }\ngateways: { ingress: false }\nazure:'),
    says: /gateways\.ingress: invalid value false: Istio 1\.7 sends cross-cluster traffic through the ingress gateway/,
  },
  "a source range with bits behind its length": {
    text: `gateways: { allowedSourceRanges: [203.0.113.0/24, 10.1.2.3/8] }\n${twoClusters}`,
    says: /allowedSourceRanges\[1\]: CIDR "10\.1\.2\.3\/8" has host bits set: expected 10\.0\.0\.0\/8\n {2}fix: use 10\.0\.0\.0\/8, or 10\.1\.2\.3\/32/,
  },
  "a list of no source range": {
    text: `gateways: { allowedSourceRanges: [] }\n${twoClusters}`,
    says: /allowedSourceRanges: invalid value \(a list of 0\): expected a list of at least one IPv4 range; remove the field to allow all sources/,
  },
  "a source range with a zero before a number": {
    text: `gateways: { allowedSourceRanges: [010.0.0.0/8] }\n${twoClusters}`,
    says: /allowedSourceRanges\[0\]: invalid value "010\.0\.0\.0\/8": expected an IPv4 range/,
  },
});
