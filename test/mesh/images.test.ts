import { imagesOf, registryOf } from "../../mesh/images";
import { istioLines } from "../../mesh/istio-lines";
import { parseMesh } from "../../mesh/load";
import { refuses, twoClusters } from "./two-clusters";

const of = (more: string) => parseMesh(`${more}\n${twoClusters}`, "mesh.yaml");
const targets = (more: string) => imagesOf(of(more)).map(({ target }) => target);
const registry = "images: { registry: mirror.example/team }";

describe("images of a mesh", () => {
  test("come from the registries of upstream, each named", () => {
    const images = imagesOf(of(""));
    expect(images.map(({ source }) => source)).toEqual([
      "docker.io/istio/pilot:1.31.1",
      "docker.io/istio/proxyv2:1.31.1",
      "docker.io/istio/examples-helloworld-v1:1.0",
      "docker.io/istio/examples-helloworld-v2:1.0",
      "docker.io/curlimages/curl:8.16.0",
      "docker.io/prom/prometheus:v3.10.0",
      "quay.io/kiali/kiali:v2.31",
    ]);
    expect(targets("")).toEqual(images.map(({ source }) => source));
  });

  test("all come from images.registry, under their own paths", () => {
    expect(targets(registry)).toEqual([
      "mirror.example/team/istio/pilot:1.31.1",
      "mirror.example/team/istio/proxyv2:1.31.1",
      "mirror.example/team/istio/examples-helloworld-v1:1.0",
      "mirror.example/team/istio/examples-helloworld-v2:1.0",
      "mirror.example/team/curlimages/curl:8.16.0",
      "mirror.example/team/prom/prometheus:v3.10.0",
      "mirror.example/team/kiali/kiali:v2.31",
    ]);
    expect(of(registry).istio.hub).toBe("mirror.example/team/istio");
  });

  test("of Istio come from istio.hub if both are set, the others from images.registry", () => {
    expect(targets(`istio: { hub: istio.example/hub }\n${registry}`)).toEqual([
      "istio.example/hub/pilot:1.31.1",
      "istio.example/hub/proxyv2:1.31.1",
      "istio.example/hub/examples-helloworld-v1:1.0",
      "istio.example/hub/examples-helloworld-v2:1.0",
      "mirror.example/team/curlimages/curl:8.16.0",
      "mirror.example/team/prom/prometheus:v3.10.0",
      "mirror.example/team/kiali/kiali:v2.31",
    ]);
    // What to copy there is upstream's, wherever it is pulled from.
    expect(imagesOf(of("istio: { hub: istio.example/hub }"))[0]!.source).toBe("docker.io/istio/pilot:1.31.1");
  });

  test("are those of the enabled parts, of the configured version", () => {
    const small = "istio: { version: 1.31.0 }\nsample: { enabled: false }\naddons: { prometheus: false }";
    expect(targets(small)).toEqual(["docker.io/istio/pilot:1.31.0", "docker.io/istio/proxyv2:1.31.0"]);
  });

  test.each(istioLines.map(({ id }) => id))(
    "of line %s have a registry and a tag, and no name twice",
    (id) => {
      const sources = imagesOf(of(`istio: { line: "${id}" }`)).map(({ source }) => source);
      expect(
        sources.filter((source) => !/^[a-z]+\.io\/[a-z0-9-]+\/[a-z0-9-]+:[a-z0-9.-]+$/.test(source)),
      ).toEqual([]);
      expect(new Set(sources).size).toBe(sources.length);
    },
  );

  test.each([
    ["mirror.example:5000/istio/pilot:1", "mirror.example:5000"],
    ["localhost/istio/pilot", "localhost"],
    ["istio/pilot:1", "docker.io"],
    ["pilot", "docker.io"],
  ])("%s leads to %s", (image, host) => {
    expect(registryOf(image)).toBe(host);
  });
});

test.each([
  "mirror.example",
  "mirror.example/team",
  "10.0.0.7:5000/a/b",
  "registry:65535",
  "localhost/x",
  "team.azurecr.io",
])("%s is a registry", (value) => {
  expect(of(`images: { registry: "${value}" }`).images.registry).toBe(value);
});

const wrong: Readonly<Record<string, string>> = {
  "a scheme": "https://mirror.example/team",
  "a slash at the end": "mirror.example/team/",
  "a slash at the beginning": "/team",
  "two slashes": "mirror.example//team",
  capitals: "Mirror.example/Team",
  "a space": "mirror.example/my team",
  "no host": "team",
  "a user of Docker Hub": "team/images",
  "a port of no machine": "mirror.example:65536/team",
  "a port that is no number": "mirror.example:port/team",
  "a tag": "mirror.example/team:1.0",
  "a digest": `mirror.example/team@sha256:${"0".repeat(64)}`,
  "a login": "user:password@mirror.example",
  "a shell in it": "mirror.example/$(id)",
  "a template in it": "mirror.example/{{ .Values.hub }}",
  "Terraform's template in it": `mirror.example/\${var.team}`,
  "a line break": "mirror.example\\nteam",
  "a way up": "mirror.example/../team",
  "more than names may have": `mirror.example/${"a".repeat(200)}`,
  "nothing in it": "",
};

refuses({
  ...Object.fromEntries(
    Object.entries(wrong).map(([what, value]) => [
      `a registry with ${what}`,
      {
        text: `images: { registry: "${value}" }\n${twoClusters}`,
        says: /^1:\d+: images\.registry: invalid value ".*: expected a registry host in lower case, .*, for example mirror\.example\/team/,
      },
    ]),
  ),
  "a registry with a scheme, capitals and a slash at the end, with the value that is meant,": {
    text: `images: { registry: "https://Mirror.example/Team/" }\n${twoClusters}`,
    says: /\n {2}fix: use mirror\.example\/team$/,
  },
  "a registry with a login, which is not shown,": {
    text: `images: { registry: "https://user:pa55word@mirror.example/team" }\n${twoClusters}`,
    says: /^1:21: images\.registry: invalid value "https:\/\/\*\*\*@mirror\.example\/team": [^@]*\n {2}fix: use mirror\.example\/team$/,
  },
  "a hub with a login, which is not shown,": {
    text: `istio: { hub: "user:pa55word@mirror.example/team" }\n${twoClusters}`,
    says: /istio\.hub: invalid value "\*\*\*@mirror\.example\/team"/,
  },
  "a registry that is a number": {
    text: `images: { registry: 5000 }\n${twoClusters}`,
    says: /images\.registry: invalid value 5000: expected a registry host/,
  },
  "a list of registries": {
    text: `images: { registry: [a.example, b.example] }\n${twoClusters}`,
    says: /images\.registry: invalid value \(a list of 2\)/,
  },
  "no registry at all": {
    text: `images: { registry: }\n${twoClusters}`,
    says: /images\.registry: value is empty/,
  },
  "a registry given twice": {
    text: `images: { registry: a.example, registry: b.example }\n${twoClusters}`,
    says: /^1:32: images\.registry: duplicate field/,
  },
  "images given twice": {
    text: `${registry}\n${registry}\n${twoClusters}`,
    says: /^2:1: images: duplicate field/,
  },
  "a registry as images itself": {
    text: `images: mirror.example/team\n${twoClusters}`,
    says: /images: invalid value "mirror\.example\/team": expected a mapping with the keys registry/,
  },
  "a key of another name": {
    text: `images: { registri: mirror.example }\n${twoClusters}`,
    says: /images\.registri: unknown field: expected one of registry\n {2}fix: did you mean "registry"\?/,
  },
});
