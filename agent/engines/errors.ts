/** Thrown when an engine cannot run on this machine at all; the message says what to install or to configure instead. */
export class EngineUnavailableError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EngineUnavailableError';
  }
}

/** Thrown when another process serves the data directory. */
export class DataDirInUseError extends Error {
  constructor(engine: string, dataDir: string) {
    super(
      `${engine}: ${dataDir} is in use by another running process; stop it, or choose another data directory`,
    );
    this.name = 'DataDirInUseError';
  }
}
