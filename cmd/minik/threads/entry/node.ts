// Where the thread of the node's components starts.
import { enter } from "../enter.ts";
import { runNode } from "../node.ts";

void enter(runNode);
