import { buildImage } from "./image-archive.ts";

export interface PauseImage {
  /** Names its content, so that a new pause program is a new image. */
  readonly name: string;
  /** An OCI archive (tar). */
  readonly archive: Buffer;
}

/** Wraps the compiled cmd/pause into an image; the same program gives the same bytes and the same name. */
export async function buildPauseImage(program: Uint8Array): Promise<PauseImage> {
  return await buildImage({
    name: (digest) => `minik.internal/pause:${digest.slice("sha256:".length, "sha256:".length + 12)}`,
    files: [{ path: "pause", content: program, mode: 0o755 }],
    config: { Entrypoint: ["/pause"], WorkingDir: "/", User: "65535:65535" },
  });
}
