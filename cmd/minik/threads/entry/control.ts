// Where the thread of scheduler and controllers starts.
import { runControlThread } from "../control.ts";
import { enter } from "../enter.ts";

void enter(runControlThread);
