import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import type { Mesh } from "../mesh/mesh";
import { fileProblem, type Problem, type ProblemText } from "../mesh/problem";
import { type Certificate, parseCertificate } from "./certificate";
import { certificateProblems } from "./certificate-rules";
import { chainProblems } from "./chain-rules";
import { differentRoots, repeatedSerials, sharedIntermediates } from "./cross-cluster-rules";
import { isKeyOf, keyWeakness, readPrivateKey } from "./key";
import { type CaFileNames, type CaMaterial, type ClusterCa, caFileNames, rootFileNames } from "./material";
import { type PemBlock, pemBlocks } from "./pem";
import type { CaFiles } from "./read";

/** With problems the CA does not work; with warnings it works, but is weak or expires soon. */
export interface CaProblems {
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

/** The root's files as PEM texts. */
export interface RootFiles {
  readonly cert: string;
  /** Undefined if it is kept elsewhere. */
  readonly key: string | undefined;
}

/** A certificate and its files. */
interface Occurrence {
  readonly certificate: Certificate;
  readonly cluster: string | undefined;
  readonly files: string[];
}

/**
 * Checks every cluster's CA as istiod and the proxies do, and the clusters against each other. No message quotes a
 * file.
 *
 * @param directory folder for messages: `<directory>/<cluster>/ca-cert.pem`
 * @param now the time at which the certificates must be valid
 * @param more.root root of further intermediates @default - only the clusters' files are judged
 * @param more.names file names by cluster @default - `caFileNames`
 */
export function checkCa(
  mesh: Mesh,
  directory: string,
  material: CaMaterial,
  now: Date,
  more: { readonly root?: RootFiles | undefined; readonly names?: CaFiles["names"] } = {},
): CaProblems {
  const check = new CaCheck(mesh, directory, now);
  if (more.root) check.root(more.root);
  for (const [cluster, ca] of Object.entries(material)) {
    check.cluster(cluster, ca, more.names?.[cluster] ?? caFileNames);
  }
  check.acrossClusters();
  return check.found;
}

class CaCheck {
  readonly found: CaProblems = { problems: [], warnings: [] };
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
    for (const text of chainProblems({ caCert, roots, certChain, names })) {
      this.problem(file(text.file), text);
    }
    if (roots.some((root) => root.fingerprint === caCert.fingerprint)) {
      this.warning(file("caCert"), {
        message: "is the root certificate, so the private key of the root is in the cluster",
        fix: "issue an intermediate for each cluster, and keep the private key of the root elsewhere",
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
    for (const text of chainProblems({
      caCert: root,
      roots: [root],
      certChain: [root],
      names: caFileNames,
    })) {
      this.problem(file, text);
    }
    if (root.pathLength === 0) {
      this.problem(file, {
        message: "path length is 0, so it cannot have intermediates: expected at least 1, or none",
        fix: "use a root without a path length",
      });
    }
  }

  acrossClusters(): void {
    this.eachCertificate();
    for (const text of differentRoots([...this.roots])) this.problem(text.file, text);
    for (const text of sharedIntermediates([...this.intermediates])) this.warning(text.file, text);
    const certificates = [...this.occurrences.values()].map(
      (one) => [one.files[0]!, one.certificate] as const,
    );
    for (const text of repeatedSerials(certificates)) this.warning(text.file, text);
  }

  /** Parses a file of certificates, and records the files of each. */
  private certificates(text: string, file: string, cluster: string | undefined): Certificate[] | undefined {
    if (/PRIVATE KEY-----/.test(text)) {
      this.problem(file, {
        message: "has a private key: expected certificates only, which are public",
        fix: "remove the key from this file, and replace it if the file was shared",
      });
      return undefined;
    }
    const blocks = pemBlocks(text);
    if (!Array.isArray(blocks)) {
      this.problem(file, blocks as ProblemText);
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
          ? "has a certificate request: expected CERTIFICATE blocks"
          : "has another kind of PEM block: expected plain CERTIFICATE blocks",
        fix: request
          ? "have the request signed, and use the certificate"
          : "write plain certificates: `openssl x509 -in FILE`, or `openssl pkcs7 -print_certs` for PKCS#7",
      });
      return undefined;
    }
    const known = this.occurrences.get(block.der.toString("latin1"));
    const certificate = known?.certificate ?? parseCertificate(block.der);
    if (!certificate) {
      this.problem(file, {
        message: "has a CERTIFICATE block that is not an X.509 certificate, or that istiod cannot read",
        fix: "copy the file again from its source",
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
      message: `has ${certificates.length} certificates: expected one`,
      fix: `keep the certificate of the CA; move the certificates up to the root to ${caFileNames.certChain}`,
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
    // The certificate reports the same weakness.
    if (weakness && !(certificate && keyWeakness(certificate.publicKey))) this.problem(file, weakness);
    if (certificate && !isKeyOf(key, certificate.publicKey)) {
      this.problem(file, {
        message: `key does not match ${of}`,
        fix: `use the key of ${of}, or issue a certificate for this key`,
      });
    }
  }

  /** Each certificate once, in its first file. */
  private eachCertificate(): void {
    for (const { certificate, cluster, files } of this.occurrences.values()) {
      const context = {
        now: this.now,
        acceptSampleCertificates: this.mesh.ca.acceptSampleCertificates,
        renewal: this.renewal(certificate, cluster),
      };
      const others = files.length > 1 ? ` (also in ${files.length - 1} more files)` : "";
      for (const { severity, message, fix } of certificateProblems(certificate, context)) {
        this[severity](files[0]!, { message: `${message}${others}`, fix });
      }
    }
  }

  private renewal(certificate: Certificate, cluster: string | undefined): string {
    if (this.mesh.ca.from === "files") return "reissue it from your CA";
    return certificate.subjectDer.equals(certificate.issuerDer)
      ? `move ${this.directory} away, and run \`mesh ca\` to create a new CA; every workload must restart to trust it`
      : `remove ${join(this.directory, cluster ?? "")}, and run \`mesh ca\` to create a new intermediate from the same root`;
  }

  private problem(file: string, text: ProblemText): void {
    addOnce(this.found.problems, file, text);
  }

  private warning(file: string, text: ProblemText): void {
    addOnce(this.found.warnings, file, text);
  }
}

/** cert-manager's tls.crt is read twice. */
function addOnce(problems: Problem[], file: string, { message, fix }: ProblemText): void {
  if (!problems.some((one) => one.file === file && one.message === message)) {
    problems.push(fileProblem(file, message, fix));
  }
}

function isKey(value: KeyObject | ProblemText): value is KeyObject {
  return !("message" in value);
}
