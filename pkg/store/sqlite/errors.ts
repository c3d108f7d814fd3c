export type StoreOpenErrorCode =
  | "STORE_LOCKED"
  | "STORE_NEWER_SCHEMA"
  | "STORE_NOT_A_STORE"
  | "STORE_NOT_WRITABLE"
  | "STORE_FULL"
  | "STORE_CORRUPT"
  | "STORE_FAILED";

/** The store cannot be opened. The message is one line that says what to change. */
export class StoreOpenError extends Error {
  readonly code: StoreOpenErrorCode;
  constructor(code: StoreOpenErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreOpenError";
    this.code = code;
  }
}

/** What SQLite or the file system said on opening `path`, as a StoreOpenError. */
export function openErrorOf(path: string, err: unknown): StoreOpenError {
  if (err instanceof StoreOpenError) return err;
  const { code = "", message } = err as NodeJS.ErrnoException;
  const at = `Cannot open the store at "${path}": `;
  if (/^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|^E(ACCES|PERM|ROFS|NOTDIR|ISDIR)$/.test(code)) {
    return new StoreOpenError("STORE_NOT_WRITABLE", `${at}it is not writable (${message})`, { cause: err });
  }
  // SHMSIZE: no room for the WAL's index, which comes first on a full disk.
  if (/^SQLITE_(FULL|IOERR_SHMSIZE)|^(ENOSPC|EDQUOT)$/.test(code)) {
    return new StoreOpenError("STORE_FULL", `${at}the disk is full`, { cause: err });
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return new StoreOpenError("STORE_CORRUPT", `${at}the file is damaged (${message}); restore a backup`, {
      cause: err,
    });
  }
  return new StoreOpenError("STORE_FAILED", `${at}${message}${code === "" ? "" : ` (${code})`}`, { cause: err });
}
