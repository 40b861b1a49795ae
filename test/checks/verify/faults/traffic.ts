import type { Reply } from "../../../../ops/traffic/requests";
import { answerOf, gatewayAddress, objectIn } from "../composed-mesh";
import { type Fault, objects, unanswered } from "../fault";

export const trafficFaults: readonly Fault[] = [
  {
    // open-cluster-management-io/ocm#1314
    name: "large packets are lost between the clusters",
    break: (composed) => {
      const { replies, unanswered: silent } = objects(composed, "main0");
      (replies as Reply[]).push(...Array.from({ length: 6 }, () => unanswered));
      silent[gatewayAddress(composed.mesh, composed.mesh.remotes[0]!)] = 6;
    },
    expect: "fail traffic.answers main0",
    says: /6 x no answer in time\nnone of 6 requests to 203\.0\.113\.101:\d+ \(gateway istio-\w+gateway of remote0\) was answered\nTCP connects to 203\.0\.113\.101:\d+, and the TLS handshake does not finish: large packets are lost on the way \(MTU\)/,
    fix: /lower the MTU/,
  },
  {
    name: "a policy rejects the sample's clients",
    break: (composed) => {
      objects(composed, "main0").istioConfig.push({
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "allow-nothing", namespace: "sample" },
        spec: {},
      });
      (objects(composed, "remote0").replies as Reply[]).push({
        ...unanswered,
        status: 403,
        words: "RBAC: access denied",
      });
    },
    expect: "fail traffic.answers remote0",
    says: /1 x HTTP 403: RBAC: access denied\ncause: AuthorizationPolicy sample\/allow-nothing of main0: it has the action ALLOW/,
    command: /delete authorizationpolicy\.security\.istio\.io allow-nothing$/,
  },
  {
    name: "some requests fail",
    break: ({ clusters }) => {
      const broken = {
        status: 503,
        seconds: 0.1,
        version: undefined,
        pod: undefined,
        words: "no healthy upstream",
      };
      const silent = {
        status: 0,
        seconds: 5,
        version: undefined,
        pod: undefined,
        words: "curl: (28) timed out",
      };
      const { replies } = clusters.main0!;
      clusters.main0!.replies = [broken, broken, silent, ...(replies as [])];
    },
    expect: "fail traffic.answers main0",
    says: /^3 of \d+ requests failed\n2 x HTTP 503: no healthy upstream \(UH\)\n1 x no answer in time$/,
    command: /exec deployment\/\w+ -c \w+ -- curl -sS -i -m 5 http:\/\/helloworld\.sample/,
  },
  {
    name: "the client sends no request",
    break: ({ clusters }) => {
      clusters.main0!.replies = [];
    },
    expect: "fail traffic.answers main0",
    says: /no request was sent/,
  },
  {
    name: "exec into the client fails",
    break: ({ clusters }) => {
      clusters.main0!.replies = new Error("unable to upgrade connection: container not found");
    },
    expect: "fail traffic.answers main0",
    says: /the check could not run: unable to upgrade connection/,
  },
  {
    name: "a version never answers",
    break: ({ clusters, mesh }) => {
      clusters.remote0!.replies = Array.from({ length: 150 }, () => answerOf("v2"));
      expect(mesh.sample!.weights).toEqual({ v1: 50, v2: 50 });
    },
    expect: "fail traffic.versions remote0",
    says: /v1 has answered none of 150 requests; seen: v2 150/,
  },
  {
    name: "weights changed by hand",
    break: ({ clusters }) => {
      const { http } = objectIn(clusters.main0!.networking, "VirtualService", "helloworld").spec;
      http[0].route[0].weight = 90;
      http[0].route[1].weight = 10;
    },
    expect: "fail split.weights",
    says: /the VirtualService says v1 90 %, v2 10 %; mesh\.yaml says v1 50 %, v2 50 %/,
    command: /^mesh apply -f \S+$/,
  },
  {
    name: "two VirtualServices for one host",
    break: ({ clusters }) => {
      const one = objectIn(clusters.main0!.networking, "VirtualService", "helloworld");
      clusters.main0!.networking.push({ ...one, metadata: { ...one.metadata, name: "second" } });
    },
    expect: "fail split.weights",
    says: /helloworld and second have the same host/,
    command: /delete virtualservice second$/,
  },
  {
    name: "a split that differs from the weights",
    break: ({ clusters }) => {
      clusters.remote0!.replies = [
        ...Array.from({ length: 135 }, () => answerOf("v1")),
        ...Array.from({ length: 15 }, () => answerOf("v2")),
      ];
    },
    expect: "fail split.shares remote0",
    says: /v1 135 \(50 % wanted\), v2 15 \(50 % wanted\); p = \d\.\d+e-\d+\nfails below p = 2\.5e-7/,
  },
];
