import { readFile } from "node:fs/promises";
import { createImageArchive } from "#pkg/runtime/index.ts";
import { run } from "#pkg/process/index.ts";

/** The image that tests and examples run: Debian's static busybox with a link for each of its programs. */
export const BUSYBOX_IMAGE = "minik.local/busybox:1.35";
/** The same under another name, to roll out to. */
export const BUSYBOX_NEXT_IMAGE = "minik.local/busybox:next";

const BUSYBOX = "/bin/busybox";

/** The image as an OCI archive, ready for a node's images directory. */
export async function busyboxArchive(name: string = BUSYBOX_IMAGE): Promise<Buffer> {
  const binary = await readFile(BUSYBOX).catch((err: unknown) => {
    throw new Error("the test image needs busybox: install the package busybox-static", { cause: err });
  });
  const { stdout } = await run([BUSYBOX, "--list"]);
  const programs = stdout.split("\n").filter((name) => name !== "" && name !== "busybox");
  return await createImageArchive({
    name,
    files: [
      { path: "bin/busybox", content: binary, mode: 0o755 },
      ...programs.map((name) => ({ path: `bin/${name}`, linkTo: "busybox" })),
      {
        path: "etc/passwd",
        content: Buffer.from("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
        mode: 0o644,
      },
      { path: "etc/group", content: Buffer.from("root:x:0:\nnogroup:x:65534:\n"), mode: 0o644 },
      { path: "tmp/", mode: 0o1777 },
    ],
    config: { Env: ["PATH=/bin"], Cmd: ["sh"], Labels: { name } },
  });
}
