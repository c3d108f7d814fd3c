/**
 * The hand of queues that a flow may use: `handSize` different ones of `queues`, always the same for the same flow. Two
 * flows rarely share all of theirs, so that a flood of one leaves the other a queue that is nearly empty.
 */
export function dealHand(flow: string, queues: number, handSize: number): number[] {
  let hash = hashOf(flow);
  const hand: number[] = [];
  for (let dealt = 0; dealt < handSize; dealt++) {
    const left = BigInt(queues - dealt);
    let card = Number(hash % left);
    hash /= left;
    // The card counts only the queues that are not yet in the hand.
    for (const taken of hand.toSorted((a, b) => a - b)) if (card >= taken) card++;
    hand.push(card);
  }
  return hand;
}

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** FNV-1a of 64 bits: spreading flows is all it is for. */
function hashOf(text: string): bigint {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  return hash;
}
