// Finds the machine's containerd and keeps one of its own running (or uses the one it is pointed to), with images imported.
// Reads and writes `<data-dir>/agent/{containerd,images,etc}`; stopping it stops no pod.
export { type ContainerdConfigInput, containerdConfig } from "./containerd-config.ts";
export { findPrograms, MissingProgramError, type RuntimePrograms } from "./find-programs.ts";
export { createImageArchive, type ImageFile, type ImageSource } from "./image-archive.ts";
export { buildPauseImage, type PauseImage } from "./pause-image.ts";
export { type ContainerRuntime, createRuntime, type RuntimeOptions } from "./runtime.ts";
