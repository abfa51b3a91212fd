/** What record-reader.ts uses of WebAssembly: TypeScript knows it only together with a browser's document. */
declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  const Module: new (bytes: Uint8Array) => Module;
  class Instance {
    constructor(module: Module);
    readonly exports: unknown;
  }
  class CompileError extends Error {}
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  /** A number of 32 bits. */
  interface Global {
    value: number;
  }
}
