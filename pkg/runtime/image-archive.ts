import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { type Pack, pack } from "tar-stream";

/** One entry of an image's only layer: a file, a symbolic link, or a directory (its path ends with "/"). */
export interface ImageFile {
  /** Relative to the image's root. */
  readonly path: string;
  readonly content?: Uint8Array;
  readonly linkTo?: string;
  /** 0644 for files and 0755 for directories unless told. */
  readonly mode?: number;
}

export interface ImageSource {
  /** "minik.local/busybox:1.35" */
  readonly name: string | ((manifestDigest: string) => string);
  readonly files: readonly ImageFile[];
  /** The OCI image configuration's `config`: Entrypoint, Cmd, Env, User, WorkingDir, … */
  readonly config?: Readonly<Record<string, unknown>>;
  /** GOARCH of the programs in it; this machine's unless told. */
  readonly architecture?: string;
}

/** An OCI image archive (tar) with one layer. The same source gives the same bytes. */
export async function createImageArchive(source: ImageSource): Promise<Buffer> {
  return (await buildImage(source)).archive;
}

export async function buildImage(source: ImageSource): Promise<{ readonly name: string; readonly archive: Buffer }> {
  const architecture = source.architecture ?? (process.arch === "x64" ? "amd64" : process.arch);
  const layer = await tar(source.files);
  const config = json({
    architecture,
    os: "linux",
    config: source.config ?? {},
    rootfs: { type: "layers", diff_ids: [digest(layer)] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: descriptor("application/vnd.oci.image.config.v1+json", config),
    layers: [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
  });
  const name = typeof source.name === "string" ? source.name : source.name(digest(manifest));
  const index = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      {
        ...descriptor("application/vnd.oci.image.manifest.v1+json", manifest),
        platform: { architecture, os: "linux" },
        annotations: { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": name },
      },
    ],
  });
  const archive = await tar([
    { path: "oci-layout", content: json({ imageLayoutVersion: "1.0.0" }) },
    { path: "index.json", content: index },
    ...[config, manifest, layer].map((content) => ({ path: `blobs/sha256/${digest(content).slice(7)}`, content })),
  ]);
  return { name, archive };
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const digest = (data: Uint8Array): string => `sha256:${createHash("sha256").update(data).digest("hex")}`;
const descriptor = (mediaType: string, data: Uint8Array): Record<string, unknown> => ({
  mediaType,
  digest: digest(data),
  size: data.length,
});

async function tar(files: readonly ImageFile[]): Promise<Buffer> {
  const stream = pack();
  const whole = buffer(stream);
  for (const file of files) await append(stream, file);
  stream.finalize();
  return await whole;
}

async function append(stream: Pack, file: ImageFile): Promise<void> {
  // A fixed time, so that the digest depends on the content alone.
  const mtime = new Date(0);
  await new Promise<void>((resolve, reject) => {
    const done = (err?: Error | null): void => (err ? reject(err) : resolve());
    if (file.linkTo !== undefined) {
      stream.entry({ name: file.path, type: "symlink", linkname: file.linkTo, mtime }, done);
    } else if (file.path.endsWith("/")) {
      stream.entry({ name: file.path, type: "directory", mode: file.mode ?? 0o755, mtime }, done);
    } else {
      stream.entry({ name: file.path, mode: file.mode ?? 0o644, mtime }, Buffer.from(file.content ?? []), done);
    }
  });
}
