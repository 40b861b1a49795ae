import { primary, remote } from "./tool";

/** A fault of a mesh, and what verify must report about it. */
export interface Fault {
  readonly name: string;
  /** Shell script that breaks the mesh; `$OTHER_CA` is a folder with another CA, for both clusters. */
  readonly break: string;
  /** The first check that must fail (or warn). */
  readonly id: string;
  /** Name of the cluster that it must name; undefined: a check of the whole mesh. */
  readonly cluster?: string;
  readonly says: RegExp;
  /** @default "fail" */
  readonly status?: "warn";
  /** Runs after the check's commands, if these only show the cause. */
  readonly heal?: string;
  /** After healing, in any case. */
  readonly cleanUp?: string;
}

const k = (context: string) => `kubectl --context ${context}`;
const istio = (context: string) => `${k(context)} -n istio-system`;
const sample = (context: string) => `${k(context)} -n sample`;

const caFiles = ["ca-cert.pem", "ca-key.pem", "root-cert.pem", "cert-chain.pem"];
/** A Secret as the walk-through makes it. */
const makeSecret = (context: string, name: string, folder: string) =>
  `${istio(context)} create secret generic ${name} ${caFiles.map((file) => `--from-file=${folder}/${file}`).join(" ")}`;
const restartIstiod = `${istio(primary)} rollout restart deployment istiod && ${istio(primary)} rollout status deployment istiod --timeout=120s`;
const merge = (object: object) => `--type=merge -p '${JSON.stringify(object)}'`;
const json = (operations: readonly object[]) => `--type=json -p '${JSON.stringify(operations)}'`;

/** Another kubeconfig in the remote secret: the token or the server replaced. */
const changedSecret = (change: string) => `
  old=$(${istio(primary)} get secret istio-remote-secret-remote0 -o jsonpath='{.data.remote0}' | base64 -d)
  new=$(printf '%s' "$old" | ${change} | base64 -w0)
  ${istio(primary)} patch secret istio-remote-secret-remote0 --type=merge -p '{"data":{"remote0":"'$new'"}}'`;

const apply = (context: string, ...items: readonly object[]) =>
  `echo '${JSON.stringify({ apiVersion: "v1", kind: "List", items })}' | ${k(context)} apply -f -`;
const addsNothing =
  "!has(object.spec.initContainers) || object.spec.initContainers.all(c, !has(c.securityContext) || !has(c.securityContext.capabilities) || !has(c.securityContext.capabilities.add))";

/** A foreign policy: no container of the sample may add capabilities, as istio-init does. */
const companyPolicy = {
  make: `${apply(
    remote,
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: { name: "company-capabilities" },
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["CREATE"] },
          ],
        },
        validations: [{ expression: addsNothing, message: "company policy: no added capabilities" }],
      },
    },
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name: "company-sample" },
      spec: {
        policyName: "company-capabilities",
        validationActions: ["Deny"],
        matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "sample" } } },
      },
    },
  )}
    # It takes the API server a moment to heed it.
    for i in $(seq 60); do ${sample(remote)} run heeded --image=x --dry-run=server 2>&1 | grep -q 'company policy' && break; sleep 0.5; done`,
  remove: `${k(remote)} delete validatingadmissionpolicybinding/company-sample validatingadmissionpolicy/company-capabilities`,
};

/** A foreign object, as people apply it. */
const object = (context: string, namespace: string, yaml: string) =>
  `${k(context)} -n ${namespace} apply -f - <<'EOF'\n${yaml}\nEOF\n`;
const security = (kind: string, name: string, spec: string) =>
  `apiVersion: security.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}`;
const networking = (kind: string, name: string, spec: string) =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}`;
const host = "helloworld.sample.svc.cluster.local";
/** Another mesh configuration, which istiod watches. */
const meshConfig = (line: string) =>
  `${istio(primary)} get configmap istio -o json | jq '.data.mesh += "\\n${line}\\n"' | ${istio(primary)} replace -f -`;
/** Large packets to a gateway get lost, and earlier connections are closed. */
const loseLargePackets = (cluster: string, address: string, port: number, restart: string) => `
  ip netns exec lab-${cluster} iptables -t raw -I PREROUTING 1 -d ${address} -p tcp --dport ${port} -m length --length 1400:65535 -j DROP
  ${restart}`;
const passLargePackets = (cluster: string, address: string, port: number) =>
  `ip netns exec lab-${cluster} iptables -t raw -D PREROUTING -d ${address} -p tcp --dport ${port} -m length --length 1400:65535 -j DROP`;
const restartClient = (context: string) =>
  `${sample(context)} rollout restart deployment curl && ${sample(context)} rollout status deployment curl --timeout=120s`;

/** Foreign objects that break a mesh, each from a public thread (CONTRIBUTING, tests on clusters). */
const otherPeoplesObjects: readonly Fault[] = [
  {
    name: "a DENY for a web host on the gateway (istio/istio#29119)",
    break: object(
      primary,
      "istio-system",
      security(
        "AuthorizationPolicy",
        "jenkins-only-from-office",
        "{ selector: { matchLabels: { istio: eastwestgateway } }, action: DENY, rules: [{ from: [{ source: { notIpBlocks: [203.0.113.0/24] } }], to: [{ operation: { hosts: [jenkins.example.com] } }] }] }",
      ),
    ),
    id: "gateways.istiod",
    cluster: "remote0",
    says: /:15012 accepts the connection and closes it\n.*\ncause: AuthorizationPolicy istio-system\/jenkins-only-from-office of main0: it has the action DENY/,
  },
  {
    name: "an ALLOW for an office on the gateway",
    break: object(
      primary,
      "istio-system",
      security(
        "AuthorizationPolicy",
        "office",
        "{ selector: { matchLabels: { istio: eastwestgateway } }, action: ALLOW, rules: [{ from: [{ source: { ipBlocks: [203.0.113.0/24] } }] }] }",
      ),
    ),
    id: "gateways.istiod",
    cluster: "remote0",
    says: /cause: AuthorizationPolicy istio-system\/office of main0: it has the action ALLOW/,
  },
  {
    name: "a policy that denies every request to the sample",
    break: object(primary, "sample", security("AuthorizationPolicy", "allow-nothing", "{}")),
    id: "traffic.answers",
    cluster: "main0",
    says: /HTTP 403: RBAC: access denied\ncause: AuthorizationPolicy sample\/allow-nothing of main0/,
  },
  ...(
    [
      ["of the namespace", "sample", "{ mtls: { mode: DISABLE } }"],
      ["of the whole mesh", "istio-system", "{ mtls: { mode: DISABLE } }"],
      [
        "of one port",
        "sample",
        "{ selector: { matchLabels: { app: helloworld } }, mtls: { mode: PERMISSIVE }, portLevelMtls: { 5000: { mode: DISABLE } } }",
      ],
    ] as const
  ).map(
    ([what, namespace, spec]): Fault => ({
      name: `mTLS switched off ${what} (istio/istio#28798)`,
      break: object(primary, namespace, security("PeerAuthentication", "default", spec)),
      id: "endpoints.set",
      cluster: "main0",
      says: /is missing \(istio-eastwestgateway of remote0\)[\s\S]*\ncause: PeerAuthentication (sample|istio-system)\/default of main0: it disables mTLS/,
    }),
  ),
  {
    name: "a DestinationRule without mTLS for the sample",
    break: `${sample(primary)} patch destinationrule helloworld-destination ${merge({ spec: { trafficPolicy: { tls: { mode: "DISABLE" } } } })}`,
    id: "endpoints.set",
    cluster: "main0",
    says: /cause: DestinationRule sample\/helloworld-destination of main0, managed by mesh: it sends requests to the sample with TLS mode DISABLE/,
  },
  {
    name: "discoverySelectors that leave out istio-system (istio/istio#34438)",
    break: `${k(primary)} label namespace sample istio-discovery=enabled --overwrite; ${meshConfig("discoverySelectors:\\n- matchLabels:\\n    istio-discovery: enabled")}`,
    id: "gateways.dial",
    says: /refused[\s\S]*\ncause: ConfigMap istio-system\/istio of main0: it hides namespaces without its labels from istiod \(discoverySelectors\): istio-system of main0, istio-system of remote0, sample of remote0/,
    cleanUp: `${k(primary)} label namespace sample istio-discovery-`,
  },
  {
    name: "discoverySelectors whose labels the remote lacks (istio/istio#54402)",
    break: `for n in sample istio-system; do ${k(primary)} label namespace $n istio-discovery=enabled --overwrite; done; ${meshConfig("discoverySelectors:\\n- matchLabels:\\n    istio-discovery: enabled")}`,
    id: "endpoints.set",
    cluster: "main0",
    says: /cause: ConfigMap istio-system\/istio of main0: it hides .*: istio-system of remote0, sample of remote0/,
    cleanUp: `for n in sample istio-system; do ${k(primary)} label namespace $n istio-discovery-; done`,
  },
  {
    name: "the sample kept in its own cluster by the mesh configuration",
    break: meshConfig(
      `serviceSettings:\\n- settings: {clusterLocal: true}\\n  hosts: [\\"*.sample.svc.cluster.local\\"]`,
    ),
    id: "endpoints.set",
    cluster: "main0",
    says: /cause: ConfigMap istio-system\/istio of main0: it keeps the sample's endpoints in their own cluster/,
  },
  ...(
    [
      [
        "a second address",
        [{ op: "add", path: "/status/loadBalancer/ingress/-", value: { ip: "192.0.2.77" } }],
        "--subresource=status ",
      ],
      [
        "a first address",
        [{ op: "add", path: "/status/loadBalancer/ingress/0", value: { ip: "192.0.2.77" } }],
        "--subresource=status ",
      ],
      ["an external address", [{ op: "add", path: "/spec/externalIPs", value: ["192.0.2.77"] }], ""],
      [
        "an IPv6 address",
        [{ op: "add", path: "/status/loadBalancer/ingress/-", value: { ip: "2001:db8::77" } }],
        "--subresource=status ",
      ],
    ] as const
  ).map(
    ([what, patch, flags]): Fault => ({
      name: `${what} of the gateway that leads nowhere (istio/istio#57299)`,
      break: `${istio(remote)} patch service istio-eastwestgateway ${flags}${json(patch)}`,
      id: "gateways.dial",
      says: /istio-eastwestgateway of remote0 has more than one address; (192\.0\.2\.77|2001:db8::77) is unreachable, the others are not/,
    }),
  ),
  {
    name: "large packets that get lost between the clusters (open-cluster-management-io/ocm#1314)",
    break: loseLargePackets("$REMOTE", "$REMOTE_GATEWAY", 15443, restartClient(primary)),
    id: "traffic.answers",
    cluster: "main0",
    says: /TCP connects to 198\.18\.0\.\d+:15443, and the TLS handshake does not finish: large packets are lost on the way \(MTU\)/,
    heal: passLargePackets("$REMOTE", "$REMOTE_GATEWAY", 15443),
    cleanUp: `${passLargePackets("$REMOTE", "$REMOTE_GATEWAY", 15443)} 2>/dev/null; true`,
  },
  {
    name: "large packets that get lost between a remote and istiod",
    break: loseLargePackets("$PRIMARY", "$PRIMARY_GATEWAY", 15012, "true"),
    id: "gateways.istiod",
    cluster: "remote0",
    says: /:15012 accepts the connection, and a large request gets no answer within 4 s: large packets are lost/,
    heal: passLargePackets("$PRIMARY", "$PRIMARY_GATEWAY", 15012),
    cleanUp: `${passLargePackets("$PRIMARY", "$PRIMARY_GATEWAY", 15012)} 2>/dev/null; true`,
  },
  {
    name: "a gateway's Service that selects no pod",
    break: `${istio(remote)} patch service istio-eastwestgateway ${merge({ spec: { selector: { istio: "nothing" } } })}`,
    id: "gateways.pods",
    cluster: "remote0",
    says: /istio-eastwestgateway has no endpoints: no Ready pod has the labels/,
  },
  {
    name: "a Sidecar that hides the sample from its client",
    break: object(
      primary,
      "sample",
      networking("Sidecar", "default", "{ egress: [{ hosts: ['istio-system/*'] }] }"),
    ),
    id: "endpoints.set",
    cluster: "main0",
    says: /cause: Sidecar sample\/default of main0: it gives the client's proxy no configuration/,
  },
  {
    name: "a ServiceEntry under the sample's host",
    break: object(
      primary,
      "sample",
      networking(
        "ServiceEntry",
        "shadow",
        `{ hosts: [${host}], ports: [{ number: 5000, name: http, protocol: HTTP }], location: MESH_INTERNAL, resolution: STATIC, endpoints: [{ address: 192.0.2.9, labels: { app: helloworld, version: v1 } }] }`,
      ),
    ),
    id: "endpoints.set",
    cluster: "main0",
    says: /cause: ServiceEntry sample\/shadow of main0: it adds other endpoints for the sample's host/,
  },
  {
    name: "the sample's Service hidden from its clients",
    break: `for c in ${primary} ${remote}; do kubectl --context $c -n sample annotate service helloworld networking.istio.io/exportTo='~'; done`,
    id: "traffic.versions",
    cluster: "main0",
    says: /v2 has answered none of \d+ requests; seen: v1 \d+\ncause: Service sample\/helloworld of main0, managed by mesh: it hides the sample from its clients/,
  },
  {
    name: "a version of the sample that is marked to have no proxy",
    break: `${sample(remote)} patch deployment helloworld-v2 ${merge({ spec: { template: { metadata: { labels: { "sidecar.istio.io/inject": "false" } } } } })} && ${sample(remote)} rollout status deployment helloworld-v2 --timeout=120s`,
    id: "endpoints.sidecars",
    cluster: "remote0",
    says: /has no istio-proxy\ncause: Deployment sample\/helloworld-v2 of remote0, managed by mesh: it creates its pods without a proxy/,
  },
  {
    name: "a DNS that does not answer",
    break: "ip netns exec lab-$PRIMARY iptables -I INPUT 1 -d 169.254.20.10 -p udp --dport 53 -j DROP",
    id: "traffic.answers",
    cluster: "main0",
    says: /the name of the Service does not resolve/,
    heal: "ip netns exec lab-$PRIMARY iptables -D INPUT -d 169.254.20.10 -p udp --dport 53 -j DROP",
    cleanUp:
      "ip netns exec lab-$PRIMARY iptables -D INPUT -d 169.254.20.10 -p udp --dport 53 -j DROP 2>/dev/null; true",
  },
  {
    name: "endpoints that proxies have ejected",
    break: `${sample(primary)} patch destinationrule helloworld-destination ${merge({ spec: { trafficPolicy: { outlierDetection: { consecutive5xxErrors: 1, interval: "1s", baseEjectionTime: "10m", maxEjectionPercent: 100 } } } })}
      ${sample(primary)} patch virtualservice helloworld ${json([{ op: "add", path: "/spec/http/0/timeout", value: "1ms" }])}
      sleep 3; for i in $(seq 30); do ${sample(primary)} exec deployment/curl -c curl -- curl -s -o /dev/null -m 5 http://${host}:5000/hello; done
      ${sample(primary)} patch virtualservice helloworld ${json([{ op: "remove", path: "/spec/http/0/timeout" }])}`,
    id: "endpoints.healthy",
    cluster: "main0",
    says: /failed outlier check\n[\s\S]*cause: DestinationRule sample\/helloworld-destination of main0, managed by mesh: it makes proxies eject endpoints/,
  },
];

/** One fault at a time, on a healthy mesh of two clusters with weights. */
export const faults: readonly Fault[] = [
  ...otherPeoplesObjects,
  {
    name: "another root on the primary, and istiod restarted",
    break: `${istio(primary)} delete secret cacerts && ${makeSecret(primary, "cacerts", "$OTHER_CA/main0")} && ${restartIstiod}`,
    id: "trust.one-root",
    cluster: "main0",
    says: /cacerts of main0 has the root SHA-256 .*\n.*the CA of mesh1 has SHA-256/,
  },
  {
    name: "the primary's CA under another name, as in the walk-through",
    break: `${istio(primary)} delete secret cacerts && ${makeSecret(primary, "testing", "mesh.ca/main0")} && ${restartIstiod}`,
    id: "trust.secret",
    cluster: "main0",
    says: /there is no Secret cacerts\nthe Secret testing holds a CA: istiod does not look there/,
    cleanUp: `${istio(primary)} delete secret testing`,
  },
  {
    name: "another root on the remote, which nothing reads",
    break: `${istio(remote)} delete secret cacerts && ${makeSecret(remote, "cacerts", "$OTHER_CA/remote0")}`,
    id: "trust.unread",
    cluster: "remote0",
    says: /has the root SHA-256/,
    status: "warn",
  },
  {
    name: "an expired intermediate",
    break: `${istio(primary)} delete secret cacerts && ${makeSecret(primary, "cacerts", "$OTHER_CA/expired")}`,
    id: "trust.dates",
    cluster: "main0",
    says: /expired on \d{4}-/,
  },
  {
    name: "a key that is not the certificate's",
    break: `${istio(primary)} patch secret cacerts --type=merge -p "{\\"data\\":{\\"ca-key.pem\\":\\"$(base64 -w0 $OTHER_CA/main0/ca-key.pem)\\"}}"`,
    id: "trust.sound",
    cluster: "main0",
    says: /ca-key\.pem of the Secret cacerts: key does not match ca-cert\.pem/,
  },
  {
    name: "istiod scaled to zero",
    break: `${istio(primary)} scale deployment istiod --replicas=0 && ${istio(primary)} wait --for=delete pod -l app=istiod --timeout=60s`,
    id: "control-plane.istiod",
    cluster: "main0",
    says: /Deployment istiod is scaled to 0/,
  },
  {
    name: "the network's label missing",
    break: `${k(remote)} label namespace istio-system topology.istio.io/network-`,
    id: "control-plane.network",
    cluster: "remote0",
    says: /the label is missing; expected network2/,
  },
  {
    name: "the network's label wrong",
    break: `${k(remote)} label namespace istio-system topology.istio.io/network=network9 --overwrite`,
    id: "control-plane.network",
    cluster: "remote0",
    says: /the label is network9; expected network2/,
  },
  {
    name: "the same network twice",
    break: `${k(remote)} label namespace istio-system topology.istio.io/network=network1 --overwrite`,
    id: "control-plane.network",
    cluster: "remote0",
    says: /network1 is the network of main0 too/,
  },
  {
    name: "the annotation with the primary's name missing",
    break: `${k(remote)} annotate namespace istio-system topology.istio.io/controlPlaneClusters-`,
    id: "control-plane.primary",
    cluster: "remote0",
    says: /the annotation is missing; expected main0/,
  },
  {
    name: "the remote looks for istiod somewhere else",
    break: `${istio(remote)} patch endpointslice istiod ${json([{ op: "replace", path: "/endpoints/0/addresses/0", value: "198.18.0.119" }])}`,
    id: "control-plane.address",
    cluster: "remote0",
    says: /istiod leads to 198\.18\.0\.119; istio-eastwestgateway of main0 is at 198\.18\.0\.\d+/,
  },
  {
    name: "the remote secret deleted",
    break: `${istio(primary)} delete secret istio-remote-secret-remote0`,
    id: "control-plane.remote-secret",
    cluster: "remote0",
    says: /there is no remote secret for remote0/,
  },
  {
    name: "the remote secret with an invalid token",
    break: changedSecret("sed -E 's/(token: .*).{20}$/\\1AAAAAAAAAAAAAAAAAAAA/'"),
    id: "control-plane.remote-access",
    cluster: "remote0",
    says: /does not know the token of the remote secret/,
  },
  {
    name: "the reader's role narrowed by hand (istio/istio#59845)",
    break: `${k(remote)} get clusterrole istio-reader-clusterrole-istio-system -o json |
      jq '.rules |= (map(if .apiGroups == [""] then .resources -= ["secrets", "configmaps"] else . end) | map(select(.resources != [])))' |
      ${k(remote)} replace -f -`,
    id: "control-plane.remote-access",
    cluster: "remote0",
    says: /may not list secrets, configmaps in remote0/,
  },
  {
    name: "the remote secret with a loopback server",
    break: changedSecret("sed -E 's#server: .*#server: https://127.0.0.1:6443#'"),
    id: "control-plane.remote-server",
    cluster: "remote0",
    says: /https:\/\/127\.0\.0\.1:6443 is this machine's own/,
  },
  {
    name: "the remote secret twice",
    break: `${istio(primary)} get secret istio-remote-secret-remote0 -o json | jq 'del(.metadata.resourceVersion,.metadata.uid,.metadata.creationTimestamp) | .metadata.name="istio-remote-secret-copy"' | ${istio(primary)} create -f -`,
    id: "control-plane.remote-secrets",
    says: /remote0 has 2: .*istio-remote-secret-copy/,
  },
  {
    name: "the remote secret of a removed cluster",
    break: `${istio(primary)} get secret istio-remote-secret-remote0 -o json | jq 'del(.metadata.resourceVersion,.metadata.uid,.metadata.creationTimestamp) | .metadata.name="istio-remote-secret-gone" | .metadata.annotations={"networking.istio.io/cluster":"gone"} | .data={"gone":.data.remote0}' | ${istio(primary)} create -f -`,
    id: "control-plane.remote-secrets",
    says: /istio-remote-secret-gone is of gone, which mesh\.yaml does not name/,
  },
  {
    name: "the remote's gateway scaled to zero",
    break: `${istio(remote)} scale deployment istio-eastwestgateway --replicas=0 && ${istio(remote)} wait --for=delete pod -l istio=eastwestgateway --timeout=60s`,
    id: "gateways.ready",
    cluster: "remote0",
    says: /Deployment istio-eastwestgateway is scaled to 0/,
  },
  {
    name: "the primary's gateway scaled to zero",
    break: `${istio(primary)} scale deployment istio-eastwestgateway --replicas=0 && ${istio(primary)} wait --for=delete pod -l istio=eastwestgateway --timeout=60s`,
    id: "gateways.ready",
    cluster: "main0",
    says: /Deployment istio-eastwestgateway is scaled to 0/,
  },
  {
    name: "a port of the gateway's Service removed",
    break: `${istio(remote)} get service istio-eastwestgateway -o json | jq '.spec.ports |= map(select(.port != 15443))' | ${istio(remote)} replace -f -`,
    id: "gateways.ports",
    cluster: "remote0",
    says: /missing: 15443; offered: 15021, 15012, 15017/,
  },
  {
    name: "an application protocol that Azure would probe",
    break: `${istio(remote)} patch service istio-eastwestgateway ${json([{ op: "add", path: "/spec/ports/1/appProtocol", value: "https" }])}`,
    id: "gateways.probes",
    cluster: "remote0",
    says: /port 15443 has appProtocol https/,
    status: "warn",
  },
  {
    name: "the gateway's own network label wrong",
    break: `${istio(remote)} label service istio-eastwestgateway topology.istio.io/network=network9 --overwrite`,
    id: "gateways.network",
    cluster: "remote0",
    says: /the network label of Service istio-eastwestgateway is network9; expected network2/,
  },
  {
    name: "the Gateway that exposes the services deleted",
    break: `${istio(primary)} delete gateways.networking.istio.io cross-network-gateway`,
    id: "gateways.exposed",
    says: /nothing opens port 15443 for requests \(cross-network-gateway, AUTO_PASSTHROUGH\)/,
  },
  {
    name: "the other gateway's address dropped by a packet filter",
    break:
      "ip netns exec lab-$REMOTE iptables -I INPUT 1 -d $REMOTE_GATEWAY -p tcp -j DROP; ip netns exec lab-$REMOTE iptables -t raw -I PREROUTING 1 -d $REMOTE_GATEWAY -p tcp --dport 15443 -j DROP",
    id: "gateways.dial",
    says: /from main0 to remote0: no connection to 198\.18\.0\.\d+:15443 within 4 s/,
    heal: "ip netns exec lab-$REMOTE iptables -D INPUT -d $REMOTE_GATEWAY -p tcp -j DROP; ip netns exec lab-$REMOTE iptables -t raw -D PREROUTING -d $REMOTE_GATEWAY -p tcp --dport 15443 -j DROP",
  },
  {
    name: "the Service of the sample missing in one cluster",
    break: `${sample(remote)} delete service helloworld`,
    id: "endpoints.service",
    cluster: "remote0",
    says: /there is no Service helloworld in sample/,
  },
  {
    name: "the sample's namespace without its injection label",
    break: `${k(remote)} label namespace sample istio-injection-`,
    id: "endpoints.injection",
    cluster: "remote0",
    says: /a pod of sample would have no proxy\nthe namespace's label istio-injection is missing; expected enabled/,
  },
  {
    name: "a pod from before injection",
    break: `${k(remote)} label namespace sample istio-injection- && ${sample(remote)} rollout restart deployment helloworld-v2 && ${sample(remote)} rollout status deployment helloworld-v2 --timeout=120s && ${k(remote)} label namespace sample istio-injection=enabled`,
    id: "endpoints.sidecars",
    cluster: "remote0",
    says: /Pod sample\/helloworld-v2-\S+ has no istio-proxy/,
  },
  {
    name: "a version of the sample scaled to zero",
    break: `${sample(remote)} scale deployment helloworld-v2 --replicas=0`,
    id: "endpoints.pods",
    cluster: "remote0",
    says: /Deployment helloworld-v2 is scaled to 0/,
  },
  {
    name: "an image that cannot be pulled",
    break: `${sample(remote)} set image deployment helloworld-v2 helloworld=docker.io/istio/examples-helloworld-v2:none`,
    id: "endpoints.pods",
    cluster: "remote0",
    says: /container helloworld: (ErrImagePull|ImagePullBackOff)/,
  },
  {
    name: "an admission policy that refuses the sample's pods",
    break: `${companyPolicy.make}\n${sample(remote)} delete pod -l app=helloworld`,
    id: "endpoints.pods",
    cluster: "remote0",
    says: /ValidatingAdmissionPolicy 'company-capabilities' with binding 'company-sample' denied request: company policy: no added capabilities/,
    heal: `${companyPolicy.remove} && ${sample(remote)} rollout restart deployment helloworld-v2`,
  },
  {
    name: "an admission policy that would refuse the sample's pods, while those that run go on",
    break: companyPolicy.make,
    id: "endpoints.injection",
    cluster: "remote0",
    says: /company policy: no added capabilities/,
    heal: companyPolicy.remove,
  },
  {
    name: "a quota that refuses the gateway's pod",
    break: `${istio(remote)} create quota q --hard=limits.cpu=8,limits.memory=8Gi,pods=0 && ${istio(remote)} delete pod -l istio=eastwestgateway`,
    id: "gateways.ready",
    cluster: "remote0",
    says: /exceeded quota: q, requested: .*pods=1/,
    heal: `${istio(remote)} delete quota q && ${istio(remote)} rollout restart deployment istio-eastwestgateway`,
  },
  {
    name: "Pod Security baseline on the sample's namespace",
    break: `${k(remote)} label namespace sample pod-security.kubernetes.io/enforce=baseline`,
    id: "endpoints.injection",
    cluster: "remote0",
    says: /violates PodSecurity "baseline:latest": non-default capabilities/,
    cleanUp: `${k(remote)} label namespace sample pod-security.kubernetes.io/enforce-`,
  },
  {
    name: "nodes for critical addons alone",
    break: `${k(primary)} taint nodes --all CriticalAddonsOnly=true:NoSchedule && ${istio(primary)} delete pod -l app=istiod`,
    id: "control-plane.istiod",
    cluster: "main0",
    says: /untolerated taint/,
    cleanUp: `${k(primary)} taint nodes --all CriticalAddonsOnly-`,
  },
  {
    name: "a proxy that hangs on old configuration",
    // istiod sends it new weights and gets no answer.
    break: `
      for pid in $(pgrep -f 'pilot-agent proxy sidecar'); do tr '\\0' '\\n' </proc/$pid/environ | grep -q "^POD_NAME=$(${sample(remote)} get pod -l app=curl -o jsonpath='{.items[0].metadata.name}')$" && kill -STOP $pid && echo $pid >stopped; done
      ${sample(primary)} label virtualservice helloworld touched=1; ${sample(primary)} patch virtualservice helloworld ${json(
        [
          { op: "replace", path: "/spec/http/0/route/0/weight", value: 51 },
          { op: "replace", path: "/spec/http/0/route/1/weight", value: 49 },
        ],
      )}
      ${sample(primary)} patch virtualservice helloworld ${json([
        { op: "replace", path: "/spec/http/0/route/0/weight", value: 50 },
        { op: "replace", path: "/spec/http/0/route/1/weight", value: 50 },
      ])}`,
    id: "endpoints.proxies",
    cluster: "remote0",
    says: /curl-\S+\.sample (has stale configuration|is not connected)/,
    cleanUp: "for pid in $(cat stopped 2>/dev/null); do kill -CONT $pid 2>/dev/null; done; true",
  },
  {
    name: "a DestinationRule in the remote alone",
    break: `${sample(primary)} get destinationrule helloworld-destination -o json | jq 'del(.metadata.resourceVersion,.metadata.uid,.metadata.creationTimestamp)' | ${sample(remote)} create -f - && ${sample(primary)} delete destinationrule helloworld-destination`,
    id: "endpoints.routing",
    says: /no DestinationRule of main0 has the subsets v1, v2\n.*exists in remote0, where istiod does not read it/,
  },
  {
    name: "weights changed by hand",
    break: `${sample(primary)} patch virtualservice helloworld ${json([
      { op: "replace", path: "/spec/http/0/route/0/weight", value: 90 },
      { op: "replace", path: "/spec/http/0/route/1/weight", value: 10 },
    ])}`,
    id: "split.weights",
    says: /the VirtualService says v1 90 %, v2 10 %; mesh\.yaml says v1 50 %, v2 50 %/,
  },
  {
    name: "requests that always fail in one version",
    break: `${sample(primary)} patch virtualservice helloworld ${merge({
      spec: {
        http: [
          {
            fault: { abort: { percentage: { value: 30 }, httpStatus: 503 } },
            route: [
              {
                destination: {
                  host: "helloworld.sample.svc.cluster.local",
                  subset: "v1",
                  port: { number: 5000 },
                },
                weight: 50,
              },
              {
                destination: {
                  host: "helloworld.sample.svc.cluster.local",
                  subset: "v2",
                  port: { number: 5000 },
                },
                weight: 50,
              },
            ],
          },
        ],
      },
    })}`,
    id: "traffic.answers",
    cluster: "main0",
    says: /\d+ of \d+ requests failed\n\d+ x HTTP 503: fault filter abort/,
    heal: "mesh apply",
  },
  {
    name: "Istio's CRDs gone",
    break: `${k(remote)} delete crd gateways.networking.istio.io`,
    id: "installed.crds",
    cluster: "remote0",
    says: /not served: gateways\.networking\.istio\.io/,
  },
];
