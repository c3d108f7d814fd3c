import { readFile, stat } from "node:fs/promises";

/** PEM text, or the file that holds it and may be replaced while the process runs. */
export type Pem = string | { readonly file: string };

/** How to reach an API server, and as whom. */
export interface ServerAccess {
  /** "https://host:6443", optionally with a path prefix. */
  readonly server: string;
  /** Certificate authorities to trust; the system's where absent. */
  readonly ca?: Pem;
  /** Client certificate and key. */
  readonly cert?: Pem;
  readonly key?: Pem;
  readonly token?: string;
  /** Re-read when it changes, as projected service-account tokens do. */
  readonly tokenFile?: string;
  readonly insecureSkipTlsVerify?: boolean;
  /** Name the server's certificate must carry, when it is not the URL's host. */
  readonly tlsServerName?: string;
}

/** What a connection is made with. Identical as long as no file changed. */
export interface Identity {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

const RECHECK_MS = 5_000;

interface Cached {
  readonly text: string;
  readonly stamp: string;
}

/** Reads certificates, keys and tokens, and notices when their files change. */
export class Credentials {
  readonly #access: ServerAccess;
  readonly #files = new Map<string, Cached>();
  #checkedAt = Number.NEGATIVE_INFINITY;
  #identity: Identity = { ca: undefined, cert: undefined, key: undefined };
  #token: string | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(access: ServerAccess) {
    this.#access = access;
  }

  /** The same object until a file changes; files are looked at again every few seconds. */
  async current(): Promise<{ readonly identity: Identity; readonly token: string | undefined }> {
    if (performance.now() - this.#checkedAt > RECHECK_MS) {
      this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
      await this.#refreshing;
    }
    return { identity: this.#identity, token: this.#token };
  }

  /** Look at the files at the next use: the server refused what we have. */
  expire(): void {
    this.#checkedAt = Number.NEGATIVE_INFINITY;
  }

  async #refresh(): Promise<void> {
    const { ca, cert, key, token, tokenFile } = this.#access;
    const [caText, certText, keyText] = await Promise.all([this.#pem(ca), this.#pem(cert), this.#pem(key)]);
    const known = this.#identity;
    if (known.ca !== caText || known.cert !== certText || known.key !== keyText) {
      this.#identity = { ca: caText, cert: certText, key: keyText };
    }
    this.#token = tokenFile === undefined ? token : (await this.#read(tokenFile)).trim();
    this.#checkedAt = performance.now();
  }

  async #pem(pem: Pem | undefined): Promise<string | undefined> {
    return pem === undefined || typeof pem === "string" ? pem : this.#read(pem.file);
  }

  async #read(file: string): Promise<string> {
    const { mtimeMs, size, ino } = await stat(file);
    const stamp = `${mtimeMs} ${size} ${ino}`;
    const known = this.#files.get(file);
    if (known?.stamp === stamp) return known.text;
    const text = await readFile(file, "utf8");
    this.#files.set(file, { text, stamp });
    return text;
  }
}
