// Made by pipeline/ when `export.file` names a file: spans as lines of OTLP JSON, the format of OpenTelemetry's file exporters.
import { constants } from 'node:fs';
import { promisify } from 'node:util';
import type { Attempt, BlockingResult, Destination, EncodedBatch, Outcome } from '../destination.ts';
import { open, write, close, openSync, writeSync, closeSync } from '../../natives.ts';

export interface FileOptions {
  /** Absolute: the program may change its working directory. */
  readonly path: string;
  /** The path as a person may read it. */
  readonly address: string;
}

const [openAsync, writeAsync, closeAsync] = [promisify(open), promisify(write), promisify(close)];

/** Append only: the system puts each write, also those of other processes, at the end. Never waiting: a pipe without a reader would hold us. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);
/** Of a file that we make: nobody but its owner reads it. */
const MODE = 0o600;

/** A line is read whole: no longer than a request over HTTP. */
const MAX_LINE_BYTES = 5 * 1024 * 1024;

const NO_ROOM = new Error('the file took only a part of it');
const NO_TIME = 'no time left to write it';

/** A file that every batch is appended to: one line, one ExportTraceServiceRequest. It is opened for each, so it may be moved away at any time. */
export function createFileExporter({ path, address }: FileOptions): Destination {
  /** A write ended in the middle of a line, such as on a full disk: the next one starts on a new line. */
  let isTorn = false;

  const toLine = ({ body }: EncodedBatch): Buffer =>
    Buffer.concat([Buffer.from(isTorn ? '\n' : ''), body, Buffer.from('\n')]);

  function check(line: Buffer, written: number): void {
    // Not written on where it broke off: the line of another process may stand there by now.
    isTorn = written > 0 ? written < line.length : isTorn;
    if (written < line.length) throw NO_ROOM;
  }

  async function append(line: Buffer, onWrite: () => void): Promise<void> {
    const file = await openAsync(path, FLAGS, MODE);
    try {
      onWrite();
      const { bytesWritten } = await writeAsync(file, line);
      check(line, bytesWritten);
    } finally {
      await closeAsync(file);
    }
  }

  function appendSync(line: Buffer): void {
    const file = openSync(path, FLAGS, MODE);
    try {
      check(line, writeSync(file, line));
    } finally {
      closeSync(file);
    }
  }

  return {
    address,
    encoding: 'json',
    maxBatchBytes: MAX_LINE_BYTES,
    // One after the other: only then it is known where a line broke off.
    maxInFlight: 1,
    send(batch): Attempt {
      let isWritten = false;
      // Node finishes a write that is under way before it exits; one whose file is still being opened never begins.
      const outcome = append(toLine(batch), () => (isWritten = true)).then(
        (): Outcome => ({ taken: true }),
        (reason: Error): Outcome => ({ taken: false, reason, again: true }),
      );
      return { outcome, isWritten: () => isWritten };
    },
    startSendBlocking(batches, limitMillis) {
      const deadline = performance.now() + limitMillis;
      const results = batches.map((batch): BlockingResult => {
        if (performance.now() > deadline) return { taken: false, reason: NO_TIME, again: true };
        try {
          appendSync(toLine(batch));
          return { taken: true };
        } catch (error) {
          return { taken: false, reason: error instanceof Error ? error.message : String(error), again: true };
        }
      });
      return () => results;
    },
  };
}
