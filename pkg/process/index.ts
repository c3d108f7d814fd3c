// Runs other programs: argument vectors only, bounded in time, output captured. Imports nothing of ours.
export { CommandError, run, type RunOptions } from "./run.ts";
