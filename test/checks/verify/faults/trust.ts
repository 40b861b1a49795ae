import { clusterCa, days, issue, sample as sampleCertificate } from "../../../ca/authority";
import { caSecret } from "../composed-mesh";
import { type Fault, objects } from "../fault";

export const trustFaults: readonly Fault[] = [
  {
    name: "no cacerts",
    break: (composed) => {
      objects(composed, "main0").secrets = objects(composed, "main0").secrets.slice(1);
    },
    expect: "fail trust.secret main0",
    says: /there is no Secret cacerts/,
    command: /rollout restart deployment istiod/,
  },
  {
    name: "the CA in a Secret of another name",
    break: (composed) => {
      objects(composed, "main0").secrets[0] = caSecret(composed.ca.material.main0!, "testing");
    },
    expect: "fail trust.secret main0",
    says: /the Secret testing holds a CA: istiod does not look there/,
  },
  {
    name: "a file missing in cacerts",
    break: (composed) => {
      delete objects(composed, "main0").secrets[0].data["cert-chain.pem"];
    },
    expect: "fail trust.secret main0",
    says: /the Secret cacerts lacks cert-chain\.pem/,
  },
  {
    name: "a private key of another certificate",
    break: (composed, other) => {
      objects(composed, "main0").secrets[0] = caSecret({
        ...composed.ca.material.main0!,
        caKey: other.material.main0!.caKey,
      });
    },
    expect: "fail trust.sound main0",
    says: /ca-key\.pem of the Secret cacerts: key does not match ca-cert\.pem/,
  },
  {
    name: "an intermediate without permission to sign",
    break: async (composed) => {
      const leaf = await issue({ subject: "CN=leaf", issuer: composed.ca.root, ca: false });
      objects(composed, "main0").secrets[0] = caSecret(await clusterCa(leaf, composed.ca.root));
    },
    expect: "fail trust.sound main0",
    says: /CA/,
  },
  {
    name: "Istio's published sample CA",
    break: (composed) => {
      const root = sampleCertificate("root-cert");
      const caCert = sampleCertificate("ca-cert");
      const { caKey } = composed.ca.material.main0!;
      objects(composed, "main0").secrets[0] = caSecret({
        caCert,
        caKey,
        rootCert: root,
        certChain: caCert + root,
      });
    },
    expect: "fail trust.sound main0",
    says: /sample/,
  },
  {
    name: "another root",
    break: (composed, other) => {
      objects(composed, "main0").secrets[0] = caSecret(other.material.main0!);
    },
    expect: "fail trust.one-root main0",
    says: /the Secret cacerts of main0 has the root SHA-256 \w{16}\nthe CA of mesh1 has SHA-256 \w{16}/,
  },
  {
    name: "another root on a remote that signs for itself",
    lines: ["1.7"],
    break: (composed, other) => {
      objects(composed, "remote0").secrets[0] = caSecret(other.material.remote0!);
    },
    expect: "fail trust.one-root remote0",
    says: /of remote0 has the root/,
  },
  {
    name: "another root on a remote that does not use it",
    lines: ["current"],
    break: (composed, other) => {
      objects(composed, "remote0").secrets[0] = caSecret(other.material.remote0!);
    },
    expect: "warn trust.unread remote0",
    says: /of remote0 has the root/,
  },
  {
    name: "an expired intermediate",
    break: (composed) => {
      composed.now = days(1001);
    },
    expect: "fail trust.dates main0",
    says: /CN=main0 expired on 20\d\d-/,
    fix: /^fix the CA in \S+own-ca first, which your own CA issues/,
  },
  {
    name: "an intermediate that is not valid yet",
    break: (composed) => {
      composed.now = days(-2);
    },
    expect: "fail trust.dates main0",
    says: /is not valid before/,
  },
  {
    name: "an intermediate that expires in ten days",
    break: (composed) => {
      composed.now = days(990);
    },
    expect: "warn trust.lasts main0",
    says: /^10 days left/,
  },
  {
    name: "istiod still uses the old root",
    break: (composed, other) => {
      objects(composed, "main0").trustedRoot = other.root.pem;
    },
    expect: "fail trust.live-root main0",
    says: /it holds SHA-256 \w{16}; cacerts of main0 has SHA-256 \w{16}/,
    command: /rollout restart deployment istiod/,
  },
  {
    name: "a proxy that still trusts the old root",
    break: (composed, other) => {
      objects(composed, "remote0").proxyCertificates = {
        certificateChain: other.material.main0!.certChain,
        root: other.root.pem,
      };
    },
    expect: "fail trust.workloads remote0",
    says: /trusts SHA-256 \w{16}; the mesh's root is SHA-256/,
    command: /remote0 -n sample rollout restart deployment/,
  },
  {
    name: "a workload certificate signed under another root",
    break: (composed, other) => {
      objects(composed, "remote0").proxyCertificates = {
        certificateChain: other.material.main0!.caCert,
        root: composed.ca.root.pem,
      };
    },
    expect: "fail trust.workloads remote0",
    says: /CN=main0, issued by CN=root, does not lead to the mesh's root/,
  },
  {
    name: "a proxy without certificates",
    break: (composed) => {
      objects(composed, "remote0").proxyCertificates = undefined;
    },
    expect: "fail trust.workloads remote0",
    says: /the proxy of (curl|sleep) has no certificates/,
    command:
      /remote0 -n sample logs deployment\/(curl|sleep) -c istio-proxy .*\nmesh verify --only endpoints\.injection .* && kubectl --context remote0 -n sample rollout restart deployment (curl|sleep)$/,
  },
];
