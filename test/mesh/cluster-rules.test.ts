import { edited, refuses } from "./two-clusters";

refuses({
  "no clusters": { text: "name: shop\n", says: /clusters: is missing; allowed is a list of clusters/ },
  "an empty list of clusters": {
    text: "clusters: []\n",
    says: /clusters: a list of 0 is given; allowed is a list of at least one cluster/,
  },
  "clusters as a mapping": {
    text: "clusters: { main0: {} }\n",
    says: /clusters: a mapping is given; allowed is a list of clusters/,
  },
  "a cluster that is a text": {
    text: "clusters: [main0]\n",
    says: /clusters\[0\]: "main0" is given; allowed is a mapping with the keys name, role/,
  },
  "no primary": {
    text: edited("    role: primary\n", ""),
    says: /clusters: no cluster has the role primary/,
  },
  "two primaries": {
    text: edited("    network: network2", "    role: primary\n    network: network2"),
    says: /^10:11: clusters\[1\]\.role: main0 is the primary already/,
  },
  "a mistyped role": {
    text: edited("primary", "primry"),
    says: /role: "primry" is given; allowed is one of primary, remote\n {2}fix: did you mean "primary"\?/,
  },
  "a name used twice": {
    text: edited("name: remote0", "name: main0"),
    says: /^9:11: clusters\[1\]\.name: "main0" is the name of clusters\[0\] already/,
  },
  "a name that leaves the folder": {
    text: edited("name: remote0", "name: ../../etc"),
    says: /clusters\[1\]\.name: "\.\.\/\.\.\/etc" is given; allowed is a DNS-1123 label/,
  },
  "a name of 64 characters": {
    text: edited("name: remote0", `name: ${"a".repeat(64)}`),
    says: /clusters\[1\]\.name: .* at most 63/,
  },
  "a name with a terminal's escape in it": {
    text: edited("name: remote0", 'name: "a\\u001b[31m\\u202e"'),
    says: /name: "a\\u001b\[31m\\u202e" is given/,
  },
  "a name that is a number": { text: edited("name: remote0", "name: 0"), says: /name: 0 is given/ },
  "no name": { text: edited("name: remote0\n    ", ""), says: /clusters\[1\]\.name: is missing/ },
  "no network": {
    text: edited("    network: network2\n", ""),
    says: /clusters\[1\]\.network: is missing; .*\n {2}fix: add network/,
  },
  "a network used twice": {
    text: edited("network2", "network1"),
    says: /clusters\[1\]\.network: "network1" is the network of main0 already; several clusters on one network are not supported yet/,
  },
  "neither aks nor context": {
    text: edited("    aks: aks-remote\n", ""),
    says: /clusters\[1\]: remote0 has neither aks nor context/,
  },
  "both aks and context": {
    text: edited("    aks: aks-remote\n", "    aks: aks-remote\n    context: c\n"),
    says: /clusters\[1\]\.context: remote0 has both aks and context/,
  },
  "an AKS name used twice, in other letters": {
    text: edited("aks-remote", "AKS-main"),
    says: /clusters\[1\]\.aks: "AKS-main" is the AKS name of main0 already/,
  },
  "an AKS name that ends in a dash": {
    text: edited("aks-remote", "aks-"),
    says: /clusters\[1\]\.aks: "aks-" is given/,
  },
  "a context used twice": {
    text: "clusters:\n  - {name: a, role: primary, network: n, context: c}\n  - {name: b, network: m, context: c}\n",
    says: /clusters\[1\]\.context: "c" is the context of a already/,
  },
  "a context that an AKS name will have": {
    text: edited("aks: aks-remote", "context: aks-main"),
    says: /clusters\[1\]\.context: "aks-main" is the context that main0 gets/,
  },
  "a context that is an option": {
    text: edited("aks: aks-remote", "context: --kubeconfig=/etc/x"),
    says: /context: "--kubeconfig=\/etc\/x" is given.*\n {2}fix: .*: kubectl config rename-context -- --kubeconfig=\/etc\/x kubeconfig-etc-x/,
  },
  "a context with a character that no terminal shows": {
    text: edited("aks: aks-remote", 'context: "a\\tb\\u202Ec"'),
    says: /context: "a.*c" is given; allowed is at most 253 characters, .*\n {2}fix: rename the context, and name it a-b-c here: kubectl config rename-context -- \$'a\\011b\\342\\200\\256c' a-b-c/,
  },
  "a context that is nothing": {
    text: edited("aks: aks-remote", 'context: ""'),
    says: /context: "" is given; .*\n {2}fix: rename the context, and name it context here: /,
  },
});
