import type { Sample } from "../../mesh/mesh";
import { curl, requestSeconds, sampleUrl } from "./requests";

/**
 * Concurrent requests of one client: each is a curl process, and the client's pod has 128 MB. Enough for any rate if the
 * mesh answers within a second.
 */
const atOnce = 20;

/** How often the loop gets a dot on stdin, and after how long without one it ends. */
export const loopHeartbeat = { everySeconds: 5, patienceSeconds: 20 } as const;

/** Characters of a reply that are sent back: longer writes to a pipe would mix with other replies. */
const mostCharacters = 999;

/**
 * A script for the client that sends requests at a constant rate, however fast the answers come, while it gets dots on
 * stdin. It must end by itself: when the connection breaks, `kubectl exec` leaves its process running, blocked in a
 * write. When stdin ends, running requests are still answered.
 *
 * For the shells of busybox and Debian; curl 7.69 is enough.
 */
export function requestLoop(sample: Sample, ratePerSecond: number): string {
  const senders = Math.min(ratePerSecond, atOnce);
  const starts = Array.from({ length: senders }, (_, index) => (index / ratePerSecond).toFixed(2));
  return `
send() {
  trap over=1 TERM
  sleep $1
  while [ -z "$over" ]; do
    sleep ${(senders / ratePerSecond).toFixed(2)} >/dev/null 2>&1 &
    echo "$(${curl(sampleUrl(sample))} | tail -c ${mostCharacters})"
    wait
  done
}
over= senders=
for start in ${starts.join(" ")}; do
  send $start &
  senders="$senders $!"
done
while [ -n "$(timeout ${loopHeartbeat.patienceSeconds} head -c 1)" ]; do :; done
kill $senders
(sleep ${requestSeconds + 2}; kill -9 0) >/dev/null 2>&1 &
wait $senders
trap '' TERM
kill 0
`.trim();
}
