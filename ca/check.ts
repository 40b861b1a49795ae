import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import type { Mesh } from "../mesh/mesh";
import { fileProblem, type Problem } from "../mesh/problem";
import { differentRoots, repeatedSerials, sharedIntermediates } from "./across-clusters";
import { type Certificate, parseCertificate } from "./certificate";
import { certificateFindings } from "./certificate-rules";
import { chainFindings } from "./chain";
import { isKeyOf, keyWeakness, readPrivateKey } from "./key";
import { type CaFileNames, type CaMaterial, type ClusterCa, caFileNames, rootFileNames } from "./material";
import { type Finding, type PemBlock, pemBlocks } from "./pem";
import type { CaFiles } from "./read";

/** What is wrong with CA material: with problems it does not work; with warnings it does, but not for long or not well. */
export interface CaFindings {
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

/** The root's own files as PEM texts. */
export interface RootFiles {
  readonly cert: string;
  /** Undefined where it is kept elsewhere. */
  readonly key: string | undefined;
}

/** A certificate, and the files in which it stands. */
interface Occurrence {
  readonly certificate: Certificate;
  readonly cluster: string | undefined;
  readonly files: string[];
}

/**
 * Judges every cluster's CA as istiod and the proxies would, and the clusters against each other. Nothing here
 * quotes the text of a file.
 *
 * @param directory the folder that messages name: `<directory>/<cluster>/ca-cert.pem`
 * @param now the time at which the certificates must be valid
 * @param more.root from which further intermediates are to come @default - only the clusters' files are judged
 * @param more.names what a cluster's files are called @default - `caFileNames`
 */
export function checkCa(
  mesh: Mesh,
  directory: string,
  material: CaMaterial,
  now: Date,
  more: { readonly root?: RootFiles | undefined; readonly names?: CaFiles["names"] } = {},
): CaFindings {
  const check = new CaCheck(mesh, directory, now);
  if (more.root) check.root(more.root);
  for (const [cluster, ca] of Object.entries(material)) {
    check.cluster(cluster, ca, more.names?.[cluster] ?? caFileNames);
  }
  check.acrossClusters();
  return check.findings;
}

class CaCheck {
  readonly findings: CaFindings = { problems: [], warnings: [] };
  private readonly occurrences = new Map<string, Occurrence>();
  // By the file that holds them.
  private readonly intermediates = new Map<string, Certificate>();
  private readonly roots = new Map<string, readonly Certificate[]>();

  constructor(
    private readonly mesh: Mesh,
    private readonly directory: string,
    private readonly now: Date,
  ) {}

  cluster(cluster: string, ca: ClusterCa, names: CaFileNames): void {
    const file = (key: keyof ClusterCa) => join(this.directory, cluster, names[key]);
    const certificates = (key: "caCert" | "rootCert" | "certChain") =>
      this.certificates(ca[key], file(key), cluster);
    const caCert = this.single(certificates("caCert"), file("caCert"));
    const roots = certificates("rootCert");
    const certChain = certificates("certChain");
    this.privateKey(ca.caKey, file("caKey"), caCert, names.caCert);
    if (!caCert || !roots || !certChain) return;
    this.intermediates.set(file("caCert"), caCert);
    this.roots.set(file("rootCert"), roots);
    for (const finding of chainFindings({ caCert, roots, certChain, names })) {
      this.problem(file(finding.file), finding);
    }
    if (roots.some((root) => root.fingerprint === caCert.fingerprint)) {
      this.warning(file("caCert"), {
        message: "is the root itself, so the root's key goes into the cluster",
        fix: "issue an intermediate for each cluster from it, and keep the root's key elsewhere",
      });
    }
  }

  root({ cert, key }: RootFiles): void {
    const file = join(this.directory, rootFileNames.cert);
    const root = this.single(this.certificates(cert, file, undefined), file);
    if (key !== undefined) {
      this.privateKey(key, join(this.directory, rootFileNames.key), root, rootFileNames.cert);
    }
    if (!root) return;
    this.roots.set(file, [root]);
    for (const finding of chainFindings({
      caCert: root,
      roots: [root],
      certChain: [root],
      names: caFileNames,
    })) {
      this.problem(file, finding);
    }
    if (root.pathLength === 0) {
      this.problem(file, {
        message: "has a path length of 0, so it cannot have intermediates; allowed is 1 or more, or none",
        fix: "use a root without a path length",
      });
    }
  }

  acrossClusters(): void {
    this.eachCertificate();
    for (const finding of differentRoots([...this.roots])) this.problem(finding.file, finding);
    for (const finding of sharedIntermediates([...this.intermediates])) this.warning(finding.file, finding);
    const certificates = [...this.occurrences.values()].map(
      (one) => [one.files[0]!, one.certificate] as const,
    );
    for (const finding of repeatedSerials(certificates)) this.warning(finding.file, finding);
  }

  /** Reads a file of certificates, and remembers each with the places where it stands. */
  private certificates(text: string, file: string, cluster: string | undefined): Certificate[] | undefined {
    if (/PRIVATE KEY-----/.test(text)) {
      this.problem(file, {
        message: "holds a private key; certificates are passed around in the clear",
        fix: "take the key out of this file, and think of it as known if the file was shared",
      });
      return undefined;
    }
    const blocks = pemBlocks(text);
    if (!Array.isArray(blocks)) {
      this.problem(file, blocks as Finding);
      return undefined;
    }
    const read = (blocks as PemBlock[]).map((block) => this.certificate(block, file, cluster));
    return read.every((certificate) => certificate !== undefined) ? read : undefined;
  }

  private certificate(block: PemBlock, file: string, cluster: string | undefined): Certificate | undefined {
    if (block.label !== "CERTIFICATE" || block.headers) {
      const request = block.label.endsWith("CERTIFICATE REQUEST");
      this.problem(file, {
        message: request
          ? "holds a certificate request; allowed are CERTIFICATE blocks"
          : "holds a PEM block of another kind; allowed are plain CERTIFICATE blocks",
        fix: request
          ? "have the request signed, and put the certificate there"
          : "write plain certificates: `openssl x509 -in FILE`, or `openssl pkcs7 -print_certs` for PKCS#7",
      });
      return undefined;
    }
    const known = this.occurrences.get(block.der.toString("latin1"));
    const certificate = known?.certificate ?? parseCertificate(block.der);
    if (!certificate) {
      this.problem(file, {
        message: "holds a CERTIFICATE block that is no X.509 certificate, or one that istiod cannot read",
        fix: "copy the file again from where it was made",
      });
      return undefined;
    }
    if (!known) this.occurrences.set(block.der.toString("latin1"), { certificate, cluster, files: [file] });
    else if (!known.files.includes(file)) known.files.push(file);
    return certificate;
  }

  private single(certificates: Certificate[] | undefined, file: string): Certificate | undefined {
    if (certificates === undefined || certificates.length === 1) return certificates?.[0];
    this.problem(file, {
      message: `holds ${certificates.length} certificates; allowed is one`,
      fix: `leave the CA's own certificate in it; what leads to the root belongs into ${caFileNames.certChain}`,
    });
    return undefined;
  }

  private privateKey(text: string, file: string, certificate: Certificate | undefined, of: string): void {
    const key = readPrivateKey(text);
    if (!isKey(key)) {
      this.problem(file, key);
      return;
    }
    const weakness = keyWeakness(key);
    // The same weakness of the certificate says it already.
    if (weakness && !(certificate && keyWeakness(certificate.publicKey))) this.problem(file, weakness);
    if (certificate && !isKeyOf(key, certificate.publicKey)) {
      this.problem(file, {
        message: `is not the key of ${of}`,
        fix: `put the key that ${of} was issued for there, or have a certificate issued for this key`,
      });
    }
  }

  /** Once per certificate, in the first file in which it stands. */
  private eachCertificate(): void {
    for (const { certificate, cluster, files } of this.occurrences.values()) {
      const context = {
        now: this.now,
        acceptSampleCertificates: this.mesh.ca.acceptSampleCertificates,
        renewal: this.renewal(certificate, cluster),
      };
      const others = files.length > 1 ? ` (it stands in ${files.length - 1} more files)` : "";
      for (const { severity, message, fix } of certificateFindings(certificate, context)) {
        this[severity](files[0]!, { message: `${message}${others}`, fix });
      }
    }
  }

  private renewal(certificate: Certificate, cluster: string | undefined): string {
    if (this.mesh.ca.from === "files") return "have your CA issue it again";
    return certificate.subjectDer.equals(certificate.issuerDer)
      ? `move ${this.directory} away, and \`mesh ca\` makes a new CA; every workload must restart to trust it`
      : `remove ${join(this.directory, cluster ?? "")}, and \`mesh ca\` makes a new intermediate from the same root`;
  }

  private problem(file: string, finding: Finding): void {
    addOnce(this.findings.problems, file, finding);
  }

  private warning(file: string, finding: Finding): void {
    addOnce(this.findings.warnings, file, finding);
  }
}

/** One file may be read twice, as cert-manager's tls.crt is. */
function addOnce(problems: Problem[], file: string, { message, fix }: Finding): void {
  if (!problems.some((one) => one.file === file && one.message === message)) {
    problems.push(fileProblem(file, message, fix));
  }
}

function isKey(value: KeyObject | Finding): value is KeyObject {
  return !("message" in value);
}
