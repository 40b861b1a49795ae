import type { Sample } from "../../mesh/mesh";
import { curl, requestSeconds, sampleUrl } from "./requests";

/**
 * Requests that are under way at once from one client, at most: each is a process of curl, and the client's pod has
 * 128 MB. With a mesh that answers within a second this is enough for any rate.
 */
const atOnce = 20;

/** How often the client's loop wants to hear a dot, and after how long without one it ends. */
export const loopHeartbeat = { everySeconds: 5, patienceSeconds: 20 } as const;

/** Of one reply, so much is sent back: more than a pipe takes in one piece would mix with other replies. */
const mostCharacters = 999;

/**
 * A script for the client that sends requests at a steady rate, whether the answers are quick or slow, as long as its
 * input stays open and a dot comes now and then. It ends by itself: `kubectl exec` leaves what it started to run on when
 * the connection breaks, and a process that writes to nobody is not ended by that either, it stops in the middle of
 * its write. When the input ends, the requests that are under way are still answered.
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
