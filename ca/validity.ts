/** Milliseconds. */
export const day = 24 * 60 * 60 * 1000;

/**
 * Days, for the root and the intermediates alike, as in upstream's tools/certs. Nothing renews a plug-in CA, and all
 * traffic of a cluster ends with its intermediate.
 */
export const validityDays = 3650;

/** Days before the end of validity from which every run warns, `mesh status` and `mesh verify` too. */
export const warnDays = 30;

/** Milliseconds. A node whose clock is behind must not see a certificate that is not yet valid. */
export const clockSkewAllowance = 60 * 60 * 1000;
