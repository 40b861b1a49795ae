import type { Certificate } from "../ca/certificate";

/** While a root is being replaced there are two of them, and one in common is enough. */
export const haveOneInCommon = (some: readonly Certificate[], others: readonly Certificate[]) =>
  some.some(({ fingerprint }) => others.some((other) => other.fingerprint === fingerprint));

/** The beginning of a fingerprint, as `mesh ca` shows it. */
export const shortFingerprints = (certificates: readonly Certificate[]) =>
  certificates.length > 0
    ? `SHA-256 ${certificates.map(({ fingerprint }) => fingerprint.slice(0, 16)).join(" and ")}`
    : "no certificate";
