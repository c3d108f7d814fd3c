import { MAX_SCORE } from "../types.ts";

/** Scales scores so that the highest becomes 100. */
export function scaleToMax(scores: number[]): void {
  const most = Math.max(...scores);
  if (most <= 0) return;
  for (let i = 0; i < scores.length; i++) scores[i] = Math.floor((MAX_SCORE * (scores[i] ?? 0)) / most);
}

/** Scales, then turns around: the lowest becomes 100 where it was 0. */
export function reverseToMax(scores: number[]): void {
  const most = Math.max(...scores);
  for (let i = 0; i < scores.length; i++) {
    scores[i] = most <= 0 ? MAX_SCORE : MAX_SCORE - Math.floor((MAX_SCORE * (scores[i] ?? 0)) / most);
  }
}
