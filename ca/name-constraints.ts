import { type Der, derElements } from "./der";

/** The kinds of names that Istio's certificates have. https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6 */
const kinds = { 130: "DNS", 134: "URI" } as const;
export type NameKind = (typeof kinds)[keyof typeof kinds];

/** Kinds that Go's verifier knows beside these two: email and IP. Any other makes it refuse a critical extension. */
const otherKindsOfGo: readonly number[] = [0x81, 0x87];

export interface Name {
  readonly kind: NameKind;
  /** A host, or a URI. */
  readonly name: string;
}

/** A CA's nameConstraints. https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.10 */
export interface NameConstraints {
  readonly permitted: readonly Name[];
  readonly excluded: readonly Name[];
  /** The extension is critical and has a kind unknown to Go, which then refuses the whole chain. */
  readonly refusedByGo: boolean;
}

/** Names in certificates that istiod signs. A certificate is refused if one of its names is. */
export const istioNames: readonly (Name & { readonly whose: string })[] = [
  // getDNSNames in istio/istio, pilot/pkg/bootstrap/certcontroller.go: one certificate with all of them.
  ...["istiod", "istiod-remote", "istio-pilot"].map((service) => ({
    kind: "DNS" as const,
    name: `${service}.istio-system.svc`,
    whose: "istiod's own certificate",
  })),
  // https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig: trustDomain defaults to cluster.local.
  { kind: "URI", name: "spiffe://cluster.local", whose: "every workload's certificate" },
];

/** @throws RangeError if the extension's value is not DER */
export function readNameConstraints(value: Buffer, critical: boolean): NameConstraints {
  const lists = derElements(derElements(value)[0]!.content);
  // permittedSubtrees [0], excludedSubtrees [1]: lists of subtrees, each beginning with its base.
  const bases = (tag: number) =>
    lists.filter((list) => list.tag === tag).flatMap(({ content }) => derElements(content).map(baseOf));
  const [permitted, excluded] = [bases(0xa0), bases(0xa1)];
  return {
    permitted: permitted.flatMap(nameOf),
    excluded: excluded.flatMap(nameOf),
    refusedByGo: critical && [...permitted, ...excluded].some((base) => !isKnownToGo(base)),
  };
}

/** Whether both Go (istiod) and BoringSSL (the proxies) allow the name. */
export function allows({ permitted, excluded }: NameConstraints, { kind, name }: Name): boolean {
  const of = (list: readonly Name[]) => list.filter((one) => one.kind === kind).map((one) => one.name);
  const [needed, forbidden] = [of(permitted), of(excluded)];
  const host = kind === "DNS" ? name : URL.canParse(name) && new URL(name).hostname;
  if (!host) return needed.length + forbidden.length === 0;
  return (
    (needed.length === 0 || needed.some((base) => coversSurely(kind, base, host))) &&
    !forbidden.some((base) => mayCover(base, host))
  );
}

/** A URI's base without a leading dot is that one host for BoringSSL, and its subdomains too for Go. */
function coversSurely(kind: NameKind, base: string, host: string): boolean {
  if (kind === "URI" && !base.startsWith(".")) return same(base, host);
  return mayCover(base, host) && !(base.startsWith(".") && same(base, `.${host}`));
}

const mayCover = (base: string, host: string) =>
  base === "" || `.${host}`.toLowerCase().endsWith(`.${base.replace(/^\./, "")}`.toLowerCase());

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

const baseOf = (subtree: Der) => derElements(subtree.content)[0]!;
const isKnownToGo = ({ tag }: Der) => tag in kinds || otherKindsOfGo.includes(tag);
const nameOf = ({ tag, content }: Der): Name[] =>
  tag in kinds ? [{ kind: kinds[tag as keyof typeof kinds], name: content.toString("latin1") }] : [];
