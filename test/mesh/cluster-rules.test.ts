import { edited, refuses } from "./two-clusters";

refuses({
  "no clusters": {
    text: "name: shop\n",
    says: /clusters: required field is missing: expected a list of clusters/,
  },
  "an empty list of clusters": {
    text: "clusters: []\n",
    says: /clusters: invalid value \(a list of 0\): expected a list of at least one cluster/,
  },
  "clusters as a mapping": {
    text: "clusters: { main0: {} }\n",
    says: /clusters: invalid value \(a mapping\): expected a list of clusters/,
  },
  "a cluster that is a text": {
    text: "clusters: [main0]\n",
    says: /clusters\[0\]: invalid value "main0": expected a mapping with the keys name, role/,
  },
  "no primary": {
    text: edited("    role: primary\n", ""),
    says: /clusters: no cluster has role primary: expected exactly one/,
  },
  "two primaries": {
    text: edited("    network: network2", "    role: primary\n    network: network2"),
    says: /^10:11: clusters\[1\]\.role: duplicate primary: main0 has role primary already/,
  },
  "a mistyped role": {
    text: edited("primary", "primry"),
    says: /role: invalid value "primry": expected primary or remote\n {2}fix: did you mean "primary"\?/,
  },
  "a name used twice": {
    text: edited("name: remote0", "name: main0"),
    says: /^9:11: clusters\[1\]\.name: duplicate name "main0": clusters\[0\] has it already/,
  },
  "a name that leaves the folder": {
    text: edited("name: remote0", "name: ../../etc"),
    says: /clusters\[1\]\.name: invalid value "\.\.\/\.\.\/etc": expected a DNS-1123 label/,
  },
  "a name of 64 characters": {
    text: edited("name: remote0", `name: ${"a".repeat(64)}`),
    says: /clusters\[1\]\.name: .* at most 63/,
  },
  "a name with a terminal's escape in it": {
    text: edited("name: remote0", 'name: "a\\u001b[31m\\u202e"'),
    says: /name: invalid value "a\\u001b\[31m\\u202e"/,
  },
  "a name that is a number": {
    text: edited("name: remote0", "name: 0"),
    says: /name: invalid value 0: expected/,
  },
  "no name": {
    text: edited("name: remote0\n    ", ""),
    says: /clusters\[1\]\.name: required field is missing/,
  },
  "no network": {
    text: edited("    network: network2\n", ""),
    says: /clusters\[1\]\.network: required field is missing: .*\n {2}fix: add network/,
  },
  "a network used twice": {
    text: edited("network2", "network1"),
    says: /clusters\[1\]\.network: duplicate network "network1": main0 has it already; several clusters on one network are not supported/,
  },
  "neither aks nor context": {
    text: edited("    aks: aks-remote\n", ""),
    says: /clusters\[1\]: remote0 has neither aks nor context: expected exactly one of them/,
  },
  "both aks and context": {
    text: edited("    aks: aks-remote\n", "    aks: aks-remote\n    context: c\n"),
    says: /clusters\[1\]\.context: remote0 has both aks and context: expected exactly one of them/,
  },
  "an AKS name used twice, in other letters": {
    text: edited("aks-remote", "AKS-main"),
    says: /clusters\[1\]\.aks: duplicate AKS name "AKS-main": main0 has it already/,
  },
  "an AKS name that ends in a dash": {
    text: edited("aks-remote", "aks-"),
    says: /clusters\[1\]\.aks: invalid value "aks-"/,
  },
  "a context used twice": {
    text: "clusters:\n  - {name: a, role: primary, network: n, context: c}\n  - {name: b, network: m, context: c}\n",
    says: /clusters\[1\]\.context: duplicate context "c": a has it already/,
  },
  "a context that an AKS name will have": {
    text: edited("aks: aks-remote", "context: aks-main"),
    says: /clusters\[1\]\.context: duplicate context "aks-main": main0 gets it from its AKS name/,
  },
  "a context that is an option": {
    text: edited("aks: aks-remote", "context: --kubeconfig=/etc/x"),
    says: /context: invalid value "--kubeconfig=\/etc\/x".*\n {2}fix: .*: kubectl config rename-context -- --kubeconfig=\/etc\/x kubeconfig-etc-x/,
  },
  "a context with a character that no terminal shows": {
    text: edited("aks: aks-remote", 'context: "a\\tb\\u202Ec"'),
    says: /context: invalid value "a.*c": expected at most 253 characters, .*\n {2}fix: rename the context, and set a-b-c here: kubectl config rename-context -- \$'a\\011b\\342\\200\\256c' a-b-c/,
  },
  "a context that is nothing": {
    text: edited("aks: aks-remote", 'context: ""'),
    says: /context: invalid value "": .*\n {2}fix: rename the context, and set context here: /,
  },
});
