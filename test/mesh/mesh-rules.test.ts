import { edited, refuses, twoClusters } from "./two-clusters";

refuses({
  "a mesh name with capitals": {
    text: `name: Shop\n${twoClusters}`,
    says: /^1:7: name: "Shop" is given; allowed is a DNS-1123 label/,
  },
  "a mesh name that is a number": { text: `name: 7\n${twoClusters}`, says: /name: 7 is given/ },
  "an unknown Istio line": {
    text: `istio: { line: "1.29" }\n${twoClusters}`,
    says: /istio\.line: "1\.29" is given; allowed is one of .*, 1\.7/,
  },
  "an Istio version of another line": {
    text: `istio: { version: 1.7.3 }\n${twoClusters}`,
    says: /istio\.version: "1\.7\.3" is not of line (\S+); allowed is \1\.x.*\n {2}fix: name its line as well/,
  },
  "an Istio version without a patch": {
    text: `istio: { version: "1.31" }\n${twoClusters}`,
    says: /istio\.version: "1\.31" is given; allowed is an Istio patch version, for example \d+\.\d+\.\d+/,
  },
  "a hub with a tag and a shell in it": {
    text: `istio: { hub: "a/b; rm -rf ~" }\n${twoClusters}`,
    says: /istio\.hub: "a\/b; rm -rf ~" is given; allowed is a registry and path/,
  },
  "pull secrets that are not a list": {
    text: `istio: { pullSecrets: acr }\n${twoClusters}`,
    says: /istio\.pullSecrets: "acr" is given; allowed is a list of Secret names/,
  },
  "a pull secret with capitals": {
    text: `istio: { pullSecrets: [ACR] }\n${twoClusters}`,
    says: /istio\.pullSecrets\[0\]: "ACR" is given/,
  },
  "a pull secret given twice": {
    text: `istio: { pullSecrets: [acr, acr] }\n${twoClusters}`,
    says: /pullSecrets\[1\]: "acr" is in the list already/,
  },

  "sample certificates accepted where none can be": {
    text: `ca: { acceptSampleCertificates: true }\n${twoClusters}`,
    says: /ca\.acceptSampleCertificates: true is given without ca\.files/,
  },
  "a yes that is no boolean": {
    text: `ca: { files: own, acceptSampleCertificates: yes }\n${twoClusters}`,
    says: /acceptSampleCertificates: "yes" is given; allowed is true or false/,
  },
  "a CA folder that is an option": {
    text: `ca: { files: -rf }\n${twoClusters}`,
    says: /ca\.files: "-rf" is given; allowed is a folder/,
  },
  "an address of no kind": {
    text: `gateways: { address: dynamic }\n${twoClusters}`,
    says: /gateways\.address: "dynamic" is given; allowed is one of discovered, static/,
  },
  "a source range without a length": {
    text: `gateways: { allowedSourceRanges: [203.0.113.7] }\n${twoClusters}`,
    says: /allowedSourceRanges\[0\]: "203\.0\.113\.7" is given; allowed is an IPv4 range/,
  },
  "a source range beyond IPv4": {
    text: `gateways: { allowedSourceRanges: [300.0.113.0/24, 10.0.0.0/33, "::/0"] }\n${twoClusters}`,
    says: /allowedSourceRanges\[0\]: "300\.0\.113\.0\/24"/,
  },
  "no ingress gateway on 1.7": {
    text: edited("azure:", 'istio: { line: "1.7" }\ngateways: { ingress: false }\nazure:'),
    says: /gateways\.ingress: false is given; Istio 1\.7 sends the traffic between clusters through the ingress gateway/,
  },
  "a source range with bits behind its length": {
    text: `gateways: { allowedSourceRanges: [203.0.113.0/24, 10.1.2.3/8] }\n${twoClusters}`,
    says: /allowedSourceRanges\[1\]: "10\.1\.2\.3\/8" has bits behind its length; the range is 10\.0\.0\.0\/8\n {2}fix: write 10\.0\.0\.0\/8, or 10\.1\.2\.3\/32/,
  },
  "a list of no source range": {
    text: `gateways: { allowedSourceRanges: [] }\n${twoClusters}`,
    says: /allowedSourceRanges: .*allowed is a list of one IPv4 range or more; without the key everyone may/,
  },
  "a source range with a zero before a number": {
    text: `gateways: { allowedSourceRanges: [010.0.0.0/8] }\n${twoClusters}`,
    says: /allowedSourceRanges\[0\]: "010\.0\.0\.0\/8" is given; allowed is an IPv4 range/,
  },
});
